import type { Job } from "./job.ts";

/**
 * Waiting jobs: the urgent before the others, first in first out among themselves. A doubly linked list through the
 * jobs, so that a job is added, taken and taken out of the middle at a cost that does not grow with their number.
 */
export class Queue {
  readonly #urgent = new Lane();
  readonly #normal = new Lane();
  #highest = 0;

  get length(): number {
    return this.#urgent.length + this.#normal.length;
  }

  /** The most that ever waited at once. */
  get highest(): number {
    return this.#highest;
  }

  push(job: Job): void {
    this.#laneOf(job).append(job);
    this.#gauge();
  }

  /** Puts a job back that was sent and did not begin: before all others of its kind. */
  unshift(job: Job): void {
    this.#laneOf(job).prepend(job);
    this.#gauge();
  }

  shift(): Job | undefined {
    const job = this.#urgent.head ?? this.#normal.head;
    if (job !== undefined) this.#laneOf(job).remove(job);
    return job;
  }

  remove(job: Job): void {
    this.#laneOf(job).remove(job);
  }

  /** The job that would be dropped to make room: the oldest that is not urgent, else the oldest. */
  get oldest(): Job | undefined {
    return this.#normal.head ?? this.#urgent.head;
  }

  /** When the job that waits longest came, in milliseconds of the monotonic clock; `undefined` for an empty queue. */
  get waitingSince(): number | undefined {
    const urgent = this.#urgent.head?.queuedAt;
    const normal = this.#normal.head?.queuedAt;
    if (urgent === undefined || normal === undefined) return urgent ?? normal;
    return Math.min(urgent, normal);
  }

  #gauge(): void {
    if (this.length > this.#highest) this.#highest = this.length;
  }

  #laneOf(job: Job): Lane {
    return job.urgent ? this.#urgent : this.#normal;
  }
}

class Lane {
  head: Job | undefined;
  tail: Job | undefined;
  length = 0;

  append(job: Job): void {
    job.queued = true;
    job.previous = this.tail;
    if (this.tail === undefined) this.head = job;
    else this.tail.next = job;
    this.tail = job;
    this.length++;
  }

  prepend(job: Job): void {
    job.queued = true;
    job.next = this.head;
    if (this.head === undefined) this.tail = job;
    else this.head.previous = job;
    this.head = job;
    this.length++;
  }

  remove(job: Job): void {
    job.queued = false;
    if (job.previous === undefined) this.head = job.next;
    else job.previous.next = job.next;
    if (job.next === undefined) this.tail = job.previous;
    else job.next.previous = job.previous;
    job.previous = undefined;
    job.next = undefined;
    this.length--;
  }
}
