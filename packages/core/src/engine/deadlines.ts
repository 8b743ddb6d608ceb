import type { Job } from "./job.ts";

/**
 * Deadlines of all jobs: one binary heap and one timer. Each job knows its place in the heap, so that one that ends
 * in time is taken out without a search.
 */
export class Deadlines {
  readonly #heap: Job[] = [];
  readonly #expire: (job: Job) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** @param expire - called with each job whose deadline has come, already taken out. */
  constructor(expire: (job: Job) => void) {
    this.#expire = expire;
  }

  add(job: Job): void {
    this.#place(job, this.#heap.length);
    this.#up(job);
    this.#arm();
  }

  remove(job: Job): void {
    if (job.heapIndex < 0) return;
    const index = job.heapIndex;
    job.heapIndex = -1;
    const last = this.#heap.pop() as Job;
    if (last !== job) {
      this.#place(last, index);
      this.#up(last);
      this.#down(last);
    }
    // The timer is left as it is: it finds nothing due and is set anew. Moving it for each job would cost more.
    if (this.#heap.length === 0) this.#disarm();
  }

  clear(): void {
    for (const job of this.#heap) job.heapIndex = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.deadline >= this.#timerAt) return;
    this.#disarm();
    this.#timerAt = first.deadline;
    // A timer counts 31 bits of milliseconds; a later deadline is looked at again then.
    this.#timer = setTimeout(this.#due, Math.min(Math.max(0, first.deadline - Date.now()), 2_147_483_647));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  readonly #due = (): void => {
    this.#disarm();
    const now = Date.now();
    for (let first = this.#heap[0]; first !== undefined && first.deadline <= now; first = this.#heap[0]) {
      this.remove(first);
      this.#expire(first);
    }
    this.#arm();
  };

  #place(job: Job, index: number): void {
    this.#heap[index] = job;
    job.heapIndex = index;
  }

  #up(job: Job): void {
    let index = job.heapIndex;
    while (index > 0) {
      const parent = this.#heap[(index - 1) >> 1] as Job;
      if (parent.deadline <= job.deadline) break;
      this.#place(parent, index);
      index = (index - 1) >> 1;
    }
    this.#place(job, index);
  }

  #down(job: Job): void {
    let index = job.heapIndex;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child = right !== undefined && left !== undefined && right.deadline < left.deadline ? right : left;
      if (child === undefined || child.deadline >= job.deadline) break;
      const next = child.heapIndex;
      this.#place(child, index);
      index = next;
    }
    this.#place(job, index);
  }
}
