import type { CocaineError } from "../errors.ts";
import type { CrashReport } from "../records/crash-report.ts";
import type { DeadLetter } from "../records/dead-letter.ts";
import type { Job } from "./job.ts";
import type { PoolEvent } from "./pool-owner.ts";

/** What the dispatcher tells the engine. */
export interface DispatcherOwner {
  /** A job is over for its caller, at `now`; `error` unless it ended well. */
  settled(job: Job, error: CocaineError | undefined, now: number): void;
  poolChanged(event: PoolEvent): void;
  /** A worker ended that nobody had asked to. */
  crashed(report: CrashReport): void;
  /** A job of a task with `dead-letter` failed that had been taken. */
  buried(letter: DeadLetter): void;
  /** The queue is full (`true`), or half empty again. May trigger jobs before it returns. */
  full(full: boolean): void;
  /** The workers cannot be started; `undefined`: they can again. */
  failed(error: CocaineError | undefined): void;
}
