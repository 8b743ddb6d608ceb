import type { Exit } from "../contracts/backend.ts";
import type { CocaineError } from "../errors.ts";
import type { Job } from "./job.ts";
import type { Worker } from "./worker.ts";

/** What a worker tells its pool. */
export interface WorkerOwner {
  /** HELLO came: it can be given jobs. */
  ready(worker: Worker): void;
  /** The worker ended a job, at `now`; it may have room for another. */
  ended(worker: Worker, job: Job, failure: JobFailure | undefined, now: number): void;
  gone(worker: Worker, end: WorkerEnd): void;
  /** It asked to be replaced, and takes no more jobs. */
  retired(worker: Worker): void;
}

/** How a worker ended, and the jobs that it had then. */
export interface WorkerEnd {
  readonly exit: Exit;
  /** What its jobs are told. */
  readonly error: CocaineError;
  /** Those that its code began, in the order they were sent. */
  readonly begun: readonly Job[];
  readonly unbegun: readonly Job[];
  /** Its last lines. */
  readonly output: readonly string[];
}

/** What ERROR said. */
export interface JobFailure {
  readonly error: string;
  readonly message: string;
  readonly details: unknown;
}
