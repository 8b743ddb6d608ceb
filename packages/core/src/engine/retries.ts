import type { CocaineError } from "../errors.ts";
import { delayAfter } from "./backoff.ts";
import type { Job } from "./job.ts";

/** Why a run of a job ended without its answer: its worker's end, its `stall-timeout`, or the app's own error. */
export type RetryCause = "crash" | "timeout" | "error";

/** Whether the task's `retries` allow one more run of a job that had begun. */
export function mayRetry(job: Job, cause: RetryCause): boolean {
  const { attempts, on } = job.task.policy.retries;
  return job.attempt <= attempts && on.includes(cause) && job.repeatable;
}

/** Counts the run that ended with `error`. @returns milliseconds until the next is due. */
export function countRetry(job: Job, error: CocaineError): number {
  const { backoff, backoffLimit } = job.task.policy.retries;
  const delay = backoff === 0 ? 0 : delayAfter(job.attempt, backoff, backoffLimit);
  job.task.metrics.retries++;
  job.failure = error;
  job.attempt++;
  return delay;
}
