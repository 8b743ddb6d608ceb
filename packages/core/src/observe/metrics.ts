import type { Job } from "../engine/job.ts";
import type { CocaineError, ErrorCode } from "../errors.ts";
import type { TaskMetricsInfo } from "../info.ts";
import { Histogram } from "./histogram.ts";

/**
 * What became of the jobs of one task. Counted where it happens, on the hot path: numbers are added to in place, and
 * only a failure looks anything up. Sums, quantiles and the like are for whoever reads.
 */
export class TaskMetrics {
  /** Jobs that ended well. */
  done = 0;
  /** Jobs whose caller went away before they ended. */
  cancelled = 0;
  /** Runs after the first of jobs that had begun. */
  retries = 0;
  /** Runs after the first of jobs that had not: their worker was gone too early. */
  resent = 0;
  /** Bytes of requests. */
  received = 0;
  /** Bytes of responses. */
  sent = 0;
  readonly #failures = new Map<ErrorCode, number>();
  readonly #waited = new Histogram();
  readonly #run = new Histogram();

  /** A job is over for its caller, at `now`. */
  settled(job: Job, error: CocaineError | undefined, now: number): void {
    if (error === undefined) this.done++;
    else this.#failures.set(error.code, (this.#failures.get(error.code) ?? 0) + 1);
    if (job.sentAt !== 0) this.#run.record(job.ran(now));
    // Jobs that were refused when they came would make waiting look short just when the queue is full.
    else if (now === job.queuedAt) return;
    this.#waited.record(job.waited(now));
  }

  get failed(): number {
    let failed = 0;
    for (const count of this.#failures.values()) failed += count;
    return failed;
  }

  info(): TaskMetricsInfo {
    const { done, failed, cancelled, retries, resent, received, sent } = this;
    return {
      jobs: { done, failed, cancelled, retries, resent, failures: Object.fromEntries(this.#failures) },
      bytes: { received, sent },
      waited: this.#waited.read(),
      run: this.#run.read(),
    };
  }
}
