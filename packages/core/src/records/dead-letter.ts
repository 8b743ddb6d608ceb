import type { JobRequest } from "../contracts/driver.ts";
import type { Job } from "../engine/job.ts";
import type { CocaineError, ErrorCode } from "../errors.ts";
import { FRAME_LIMIT } from "../protocol/messages.ts";

/** A job that failed for good, with its request. */
export interface DeadLetter {
  readonly task: string;
  /** Id of the job. */
  readonly job: string;
  /** When it failed, as ISO 8601. */
  readonly time: string;
  /** Runs that it had, those of replays too. */
  readonly attempts: number;
  /** What it failed with in the end. */
  readonly error: { readonly code: ErrorCode; readonly message: string };
  readonly urgent: boolean;
  /** What its driver told the worker. */
  readonly metadata: JobRequest["metadata"];
  readonly request: {
    /** Bytes that came of it. */
    readonly bytes: number;
    /**
     * The whole request in base64. Absent if it was longer than 1 MiB, if it had not come whole, or if parts of it had
     * been let go once a worker took them: such a job cannot be replayed.
     */
    readonly body?: string;
  };
}

/** What is stored of a job that fails. */
export function letterOf(job: Job, error: CocaineError): DeadLetter {
  const bytes = job.received;
  const body = bytes > FRAME_LIMIT ? undefined : job.copyRequest()?.toString("base64");
  return {
    task: job.task.name,
    job: job.id,
    time: new Date().toISOString(),
    attempts: job.sentAt === 0 && job.failure === undefined ? 0 : job.attempt,
    error: { code: error.code, message: error.message },
    urgent: job.urgent,
    metadata: job.metadata,
    request: { bytes, ...(body !== undefined && { body }) },
  };
}
