/** A request that waits for its answer. */
export interface Pending {
  item(item: unknown): void;
  end(value: unknown): void;
  fail(error: Error): void;
}

/** The items of a stream as they come in. */
export interface Incoming extends Pending {
  /** All that came since the last batch; ends with the stream, or throws its error. The node's window bounds it. */
  readonly batches: AsyncIterable<readonly unknown[]>;
}

/** Makes the receiving side of one stream. */
export function createIncoming(): Incoming {
  let waiting: unknown[] = [];
  let ended = false;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;

  async function* batches(): AsyncGenerator<readonly unknown[]> {
    for (;;) {
      if (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        yield batch;
      } else if (failure !== undefined) throw failure;
      else if (ended) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    batches: { [Symbol.asyncIterator]: batches },
    item(item) {
      waiting.push(item);
      wake?.();
    },
    end() {
      ended = true;
      wake?.();
    },
    fail(error) {
      failure = error;
      wake?.();
    },
  };
}
