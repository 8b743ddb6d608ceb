import type { Job } from "./job.ts";
import { Postponed } from "./postponed.ts";
import { Pressure } from "./pressure.ts";
import { Queue } from "./queue.ts";

/** What a backlog tells. */
export interface BacklogOwner {
  /** The queue is full (`true`), or half empty again. May trigger jobs before it returns. */
  full(full: boolean): void;
  /** The back-off of a job is over, and it is back in the queue. */
  due(): void;
}

/** The jobs of an app that wait: in its queue, or for the end of their back-off. */
export class Backlog {
  readonly queue = new Queue();
  readonly #pressure: Pressure;
  readonly #postponed: Postponed;

  constructor(owner: BacklogOwner) {
    this.#pressure = new Pressure(this.queue, (full) => owner.full(full));
    this.#postponed = new Postponed((job) => {
      this.queue.unshift(job);
      owner.due();
    });
  }

  /** Jobs that may wait in the queue. */
  get limit(): number {
    return this.#pressure.limit;
  }

  set limit(limit: number) {
    this.#pressure.limit = limit;
    this.#pressure.rose();
    this.#pressure.fell();
  }

  /** Jobs that wait out a back-off. */
  get delayed(): number {
    return this.#postponed.size;
  }

  /** Puts a new job last. `gauge()` is due when workers have taken what they can. */
  push(job: Job): void {
    this.queue.push(job);
  }

  /** Tells if the queue has become full. */
  gauge(): void {
    this.#pressure.rose();
  }

  /** Takes the next job. */
  shift(): Job | undefined {
    const job = this.queue.shift();
    this.#pressure.fell();
    return job;
  }

  /** Puts a job that was sent before all others of its kind, after `delay` milliseconds. The limit is for new jobs. */
  putBack(job: Job, delay: number): void {
    if (delay === 0) this.queue.unshift(job);
    else this.#postponed.add(job, delay);
  }

  /** Takes a job out, if it is here. */
  remove(job: Job): void {
    if (!job.queued) return this.#postponed.remove(job);
    this.queue.remove(job);
    this.#pressure.fell();
  }

  /** Takes all out. */
  clear(): Job[] {
    const jobs = this.#postponed.clear();
    for (let job = this.queue.shift(); job !== undefined; job = this.queue.shift()) jobs.push(job);
    this.#pressure.fell();
    return jobs;
  }
}
