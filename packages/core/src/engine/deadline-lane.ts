import type { Job } from "./job.ts";

/**
 * Jobs whose deadlines came in their order, as those of one task do that all have its `timeout`: a doubly linked list
 * through the jobs, so that what one costs does not grow with their number.
 */
export class DeadlineLane {
  first: Job | undefined = undefined;
  #last: Job | undefined = undefined;

  /** @returns `false` if it is due before the last. */
  add(job: Job): boolean {
    const last = this.#last;
    if (last === undefined) this.first = job;
    else if (job.deadline < last.deadline) return false;
    else last.later = job;
    job.sooner = last;
    this.#last = job;
    return true;
  }

  /** Takes out a job that is here. */
  remove(job: Job): void {
    const { sooner, later } = job;
    if (sooner === undefined) this.first = later;
    else sooner.later = later;
    if (later === undefined) this.#last = sooner;
    else later.sooner = sooner;
    job.sooner = undefined;
    job.later = undefined;
  }
}
