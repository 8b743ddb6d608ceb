import type { Job } from "./job.ts";

/** Jobs that wait out their back-off before they are run again. */
export class Postponed {
  readonly #timers = new Map<Job, NodeJS.Timeout>();
  readonly #due: (job: Job) => void;

  /** @param due - called with each job whose time has come, already taken out. */
  constructor(due: (job: Job) => void) {
    this.#due = due;
  }

  get size(): number {
    return this.#timers.size;
  }

  add(job: Job, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(job);
      this.#due(job);
    }, milliseconds);
    this.#timers.set(job, timer);
  }

  remove(job: Job): void {
    clearTimeout(this.#timers.get(job));
    this.#timers.delete(job);
  }

  /** Takes all out. */
  clear(): Job[] {
    const jobs = [...this.#timers.keys()];
    for (const job of jobs) this.remove(job);
    return jobs;
  }
}
