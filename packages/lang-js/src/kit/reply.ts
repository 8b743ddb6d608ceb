import { bytesOf } from "./chunks.ts";
import { isResponse } from "./response.ts";
import type { RunningJob } from "./running-job.ts";
import { replyWithStream } from "./stream.ts";
import { replyToWeb } from "./web.ts";

/**
 * Sends what a method answered with.
 *
 * @returns a promise where that takes more than this turn; nothing on the hot path.
 */
export function reply(job: RunningJob, value: unknown): Promise<void> | undefined {
  if (job.web) return replyToWeb(job, value);
  if (isResponse(value)) return replyWithStream(job, value.body ?? []);
  const bytes = bytesOf(value);
  return bytes === undefined ? replyWithStream(job, value) : job.response.end(bytes);
}
