import { chunkBytes, openChunks } from "./chunks.ts";
import type { RunningJob } from "./running-job.ts";

/**
 * Sends a stream chunk by chunk, as fast as the engine takes it, and its end.
 *
 * @param onFirst - called before the first chunk is sent, or the end of a stream without one.
 */
export async function replyWithStream(
  job: RunningJob,
  source: unknown,
  onFirst?: (chunk: unknown) => void,
): Promise<void> {
  const chunks = openChunks(source);
  job.onCancel(() => chunks.stop(job.cancelled ?? new Error("cancelled")));
  let first = onFirst;
  let done = false;
  try {
    for (;;) {
      const next = chunks.next();
      const result = next instanceof Promise ? await next : next;
      if (job.cancelled !== undefined) throw job.cancelled;
      first?.(result.done ? undefined : result.value);
      first = undefined;
      if (result.done) break;
      const credited = job.response.write(chunkBytes(result.value));
      if (credited !== undefined) await credited;
    }
    done = true;
  } catch (error) {
    throw job.cancelled ?? error;
  } finally {
    if (!done) chunks.stop(job.cancelled ?? new Error("the response was not sent in full"));
  }
  job.response.end(new Uint8Array(0));
}
