import type { Reply } from "../dispatch.ts";
import { type AnswerKind, WINDOW } from "../wire.ts";

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

/** Takes one answer on its way; where that takes time, the next item waits for it. */
export type Send = (kind: AnswerKind, value?: unknown) => Promise<void> | void;

/** Makes the session of one request. Items flow as far as the client's credit goes, then the action waits. */
export function createSession(send: Send): Session {
  const controller = new AbortController();
  const { signal } = controller;
  let credit = WINDOW;
  let wake: (() => void) | undefined;

  function tell(kind: AnswerKind, value?: unknown): Promise<void> | void {
    if (!signal.aborted) return send(kind, value);
  }

  return {
    signal,
    reply: {
      result: (value) => void tell("result", value),
      end: () => void tell("end"),
      error: (error) => void tell("error", error),
      async item(item) {
        while (credit <= 0 && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        credit--;
        await tell(item instanceof Uint8Array ? "bytes" : "item", item);
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
