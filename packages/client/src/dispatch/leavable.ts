/** What a generator says of itself when it begins. */
export interface Exit {
  /** Ends what the generator waits for. */
  leave(): void;
}

/**
 * Makes a generator that can be left while its next value is waited for, as by the end of a stream that reads from it. A
 * plain one hears of that only when the value has come.
 *
 * @param run - is given where to say how it is left.
 */
export function leavable<T>(
  run: (exit: Exit) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const exit: Exit = { leave: () => undefined };
  const generator = run(exit);
  const end = generator.return.bind(generator);
  const fail = generator.throw.bind(generator);
  generator.return = (value) => {
    exit.leave();
    return end(value);
  };
  generator.throw = (error) => {
    exit.leave();
    return fail(error);
  };
  return generator;
}
