import type { WorkerMessage } from "@cocaine/core/plugin";

/** Messages of a worker that no test has taken yet. */
export interface Inbox {
  push(message: WorkerMessage): void;
  /** No more will come. */
  end(why: string): void;
  /** All that is there. */
  readonly messages: readonly WorkerMessage[];
  /** Takes the first message that fits, when it comes. */
  find<T extends WorkerMessage>(fits: (message: WorkerMessage) => message is T): Promise<T>;
}

export function createInbox(): Inbox {
  const messages: WorkerMessage[] = [];
  const waiting = new Set<() => void>();
  let ended: string | undefined;
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  return {
    messages,
    push(message) {
      messages.push(message);
      wake();
    },
    end(why) {
      ended = why;
      wake();
    },
    find: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const message = messages.find(fits);
          if (message === undefined && ended === undefined) return;
          waiting.delete(look);
          if (message === undefined) return reject(new Error(ended));
          messages.splice(messages.indexOf(message), 1);
          resolve(message);
        };
        waiting.add(look);
        look();
      }),
  };
}
