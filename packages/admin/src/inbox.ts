/** Turns values that are pushed into an async iterable. */
export interface Inbox<T> extends AsyncIterable<T> {
  /** Adds a value; never waits. */
  readonly put: (value: T) => void;
}

export interface InboxOptions {
  /** Ends the iteration. */
  readonly signal: AbortSignal;
  /** Values kept for a reader that is behind; then the oldest go. @defaultValue 10000 */
  readonly limit?: number;
}

/** Makes an inbox for one reader. A reader that stays behind loses the oldest values, and nothing grows. */
export function createInbox<T>({ signal, limit = 10_000 }: InboxOptions): Inbox<T> {
  let waiting: T[] = [];
  let wake: (() => void) | undefined;
  return {
    put(value) {
      if (waiting.length >= limit) waiting.shift();
      waiting.push(value);
      wake?.();
    },
    async *[Symbol.asyncIterator]() {
      const onAbort = (): void => wake?.();
      signal.addEventListener("abort", onAbort);
      try {
        while (!signal.aborted) {
          const batch = waiting;
          waiting = [];
          yield* batch;
          if (waiting.length > 0 || signal.aborted) continue;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}
