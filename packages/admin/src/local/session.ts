import type { Reply } from "../dispatch.ts";
import { type AnswerKind, encodeAnswer, WINDOW } from "../wire.ts";

/** One request of one client while it is being answered. */
export interface Session {
  readonly reply: Reply;
  /** Aborted when the client wants no more. */
  readonly signal: AbortSignal;
  /** The client has taken so many items. */
  credit(items: number): void;
  /** The client wants no more, or is gone. */
  cancel(): void;
}

/** Makes the session of one request. Items flow as far as the client's credit goes, then the action waits. */
export function createSession(id: string, send: (frames: Uint8Array[]) => void): Session {
  const controller = new AbortController();
  const { signal } = controller;
  let credit = WINDOW;
  let wake: (() => void) | undefined;

  function tell(kind: AnswerKind, value?: unknown): void {
    if (!signal.aborted) send(encodeAnswer(id, kind, value));
  }

  return {
    signal,
    reply: {
      result: (value) => tell("result", value),
      end: () => tell("end"),
      error: (error) => tell("error", error),
      async item(item) {
        while (credit <= 0 && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        credit--;
        tell(item instanceof Uint8Array ? "bytes" : "item", item);
      },
    },
    credit(items) {
      credit += items;
      wake?.();
    },
    cancel() {
      controller.abort();
      wake?.();
    },
  };
}
