import { bytesOf } from "./chunks.ts";
import { isResponse } from "./response.ts";
import type { RunningJob } from "./running-job.ts";
import { replyWithStream } from "./stream.ts";
import { replyToWeb } from "./web.ts";

const EMPTY = new Uint8Array(0);

/**
 * Sends what a method answered with.
 *
 * @returns a promise where that takes more than this turn; nothing on the hot path.
 */
export function reply(job: RunningJob, value: unknown): Promise<void> | undefined {
  if (job.accepted) return job.response.end(EMPTY);
  if (job.web) return replyToWeb(job, value);
  if (job.isSocket) return refuseSocket(job, value);
  if (isResponse(value)) return replyWithStream(job, value.body ?? []);
  const bytes = bytesOf(value);
  return bytes === undefined ? replyWithStream(job, value) : job.response.end(bytes);
}

function refuseSocket(job: RunningJob, value: unknown): Promise<void> | undefined {
  if (isResponse(value)) return replyToWeb(job, value);
  throw new Error(`"${job.method}" neither accepted the WebSocket, by job.accept(), nor returned a Response`);
}
