import type { CocaineError, ErrorCode } from "../errors.ts";
import type { CrashReport } from "../records/crash-report.ts";
import type { Job } from "./job.ts";
import type { Queue } from "./queue.ts";
import type { Worker } from "./worker.ts";
import type { JobFailure } from "./worker-owner.ts";

/** What a pool asks of, and tells, the one whose jobs it runs. */
export interface PoolOwner {
  readonly queue: Queue;
  /** Takes the next job out of the queue; `undefined` when none waits. */
  next(): Job | undefined;
  /** A worker ended a job, at `now`. */
  ended(job: Job, failure: JobFailure | undefined, now: number): void;
  /** A worker alone has held the job up for its `stall-timeout`; told again while it does. */
  stalled(job: Job, worker: Worker): void;
  /** A worker is gone with these jobs. */
  lost(begun: readonly Job[], unbegun: readonly Job[], error: CocaineError): void;
  /** A worker ended that nobody had asked to. */
  crashed(report: CrashReport): void;
  /** Workers came or went. */
  changed(event: PoolEvent): void;
  /** Workers cannot be started: `start-attempts` in a row failed. */
  failed(error: CocaineError): void;
  /** A worker is ready again. */
  recovered(): void;
}

/** A change of the pool, for feed and log. */
export interface PoolEvent {
  readonly event: "spawned" | "ready" | "gone" | "crashed";
  readonly worker: string;
  readonly pid: number | undefined;
  readonly size: number;
  /** Of one that crashed: code and message of the error. */
  readonly code?: ErrorCode;
  readonly reason?: string;
}
