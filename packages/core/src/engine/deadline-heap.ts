import type { Job } from "./job.ts";

/** A binary heap of jobs, the next deadline first. Each job knows its place, so that it is taken out without a search. */
export class DeadlineHeap {
  readonly #jobs: Job[] = [];

  get first(): Job | undefined {
    return this.#jobs[0];
  }

  add(job: Job): void {
    this.#put(job, this.#jobs.length);
    this.#up(job);
  }

  /** Takes out a job that is here. */
  remove(job: Job): void {
    const last = this.#jobs.pop() as Job;
    if (last === job) return;
    this.#put(last, job.place);
    this.#up(last);
    this.#down(last);
  }

  #put(job: Job, place: number): void {
    this.#jobs[place] = job;
    job.place = place;
  }

  #up(job: Job): void {
    let place = job.place;
    while (place > 0) {
      const parent = this.#jobs[(place - 1) >> 1] as Job;
      if (parent.deadline <= job.deadline) break;
      this.#put(parent, place);
      place = (place - 1) >> 1;
    }
    this.#put(job, place);
  }

  #down(job: Job): void {
    let place = job.place;
    for (;;) {
      const left = this.#jobs[2 * place + 1];
      const right = this.#jobs[2 * place + 2];
      const child = right !== undefined && left !== undefined && right.deadline < left.deadline ? right : left;
      if (child === undefined || child.deadline >= job.deadline) break;
      const next = child.place;
      this.#put(child, place);
      place = next;
    }
    this.#put(job, place);
  }
}
