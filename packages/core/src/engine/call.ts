import type { JobHandle, JobRequest, ResponseSink } from "../contracts/driver.ts";
import type { CocaineError } from "../errors.ts";

const HIGH_WATER = 262_144;

/** Runs a job through `trigger`. */
export type Trigger = (request: JobRequest, response: ResponseSink) => JobHandle;

/**
 * Runs a job and iterates over its response. A reader that falls behind by 256 KiB stops the worker. Leaving the loop,
 * or aborting the signal, cancels the job.
 *
 * @throws the job's error; the signal's reason when that is aborted.
 */
export async function* call(trigger: Trigger, request: JobRequest, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let ended = false;
  let failure: CocaineError | undefined;
  let wake: (() => void) | undefined;
  const handle = trigger(request, {
    write(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      wake?.();
      return bytes < HIGH_WATER;
    },
    end() {
      ended = true;
      wake?.();
    },
    fail(error) {
      ended = true;
      failure = error;
      wake?.();
    },
  });
  const aborted = () => wake?.();
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        bytes -= chunk.length;
        if (chunks.length === 0) handle.resume();
        yield chunk;
      } else if (failure !== undefined) {
        throw failure;
      } else if (ended) {
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    }
  } finally {
    signal?.removeEventListener("abort", aborted);
    if (!ended) handle.cancel();
  }
}
