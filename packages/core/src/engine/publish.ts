import type { JobHandle, JobOutcome, JobRequest } from "../contracts/driver.ts";
import { type CocaineError, createError } from "../errors.ts";
import type { Feed } from "../observe/feed.ts";
import type { Trigger } from "./call.ts";

const ANSWER_LIMIT = 1_048_576;

/** Where an answer goes: to the feed, as that of a task. */
export interface Audience {
  readonly feed: Feed;
  readonly task: string;
}

/** Runs a job whose answer goes to the feed. Resolves when it has ended or is cancelled, and never rejects. */
export function publish(
  trigger: Trigger,
  request: JobRequest,
  { feed, task }: Audience,
  signal?: AbortSignal,
  rest: readonly Uint8Array[] = [],
): Promise<JobOutcome> {
  return new Promise((done) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const resolve = (outcome: JobOutcome) => {
      signal?.removeEventListener("abort", cancel);
      done(outcome);
    };
    const cancel = () => {
      handle.cancel(String(signal?.reason));
      resolve({ status: "cancelled" });
    };
    const fail = (error: CocaineError) => {
      feed.error(task, error);
      resolve({ status: "failed", error });
    };
    const handle: JobHandle = trigger(request, {
      write(chunk) {
        bytes += chunk.length;
        if (bytes > ANSWER_LIMIT) {
          handle.cancel("its answer is too long for the feed");
          fail(tooLong(task));
          return false;
        }
        chunks.push(chunk);
        return true;
      },
      end() {
        feed.answer(task, chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks));
        resolve({ status: "ok" });
      },
      fail,
      drain: () => feedRest(),
    });
    let at = 0;
    function feedRest(): void {
      while (at < rest.length) if (!handle.write(rest[at++] as Uint8Array)) return;
      if (request.end === false) handle.end();
    }
    feedRest();
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel);
  });
}

function tooLong(task: string): CocaineError {
  const message = `task "${task}" answered more than ${ANSWER_LIMIT} bytes, which is too much for the feed: publish less, or write it elsewhere`;
  return createError("COC_FEED_ANSWER", message);
}
