import { DeadlineHeap } from "./deadline-heap.ts";
import type { DeadlineLane } from "./deadline-lane.ts";
import type { Job } from "./job.ts";

/** A job's `place` when it is not among the deadlines. */
export const NO_PLACE = -1;
/** A job's `place` in the lane of its task; from 0 on, it is that in the heap. */
const IN_LANE = -2;
/** A timer counts 31 bits of milliseconds; a later deadline is looked at again then. */
const FURTHEST = 2_147_483_647;

/**
 * Deadlines of all jobs, with one timer. Those of a task that come in their order are in its lane; the few that do not,
 * since their callers set them, in a heap.
 */
export class Deadlines {
  readonly #heap = new DeadlineHeap();
  readonly #lanes = new Set<DeadlineLane>();
  readonly #expire: (job: Job) => void;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** @param expire - called with each job whose deadline has come, already taken out. */
  constructor(expire: (job: Job) => void) {
    this.#expire = expire;
  }

  add(job: Job): void {
    const lane = job.task.deadlines;
    if (lane.first === undefined) this.#lanes.add(lane);
    if (lane.add(job)) job.place = IN_LANE;
    else this.#heap.add(job);
    this.#size++;
    if (job.deadline < this.#timerAt) this.#arm(job.deadline);
  }

  remove(job: Job): void {
    if (job.place === NO_PLACE) return;
    if (job.place === IN_LANE) job.task.deadlines.remove(job);
    else this.#heap.remove(job);
    job.place = NO_PLACE;
    this.#size--;
    // The timer is left as it is: it finds nothing due and is set anew. Moving it for each job would cost more.
    if (this.#size === 0) this.#disarm();
  }

  #arm(deadline: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    this.#timer = setTimeout(this.#due, Math.min(Math.max(0, deadline - Date.now()), FURTHEST));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#lanes.clear();
  }

  readonly #due = (): void => {
    // So that a job that is added meanwhile does not find the deadline of a timer that has run out.
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (next.deadline > now) {
        if (next.deadline < this.#timerAt) this.#arm(next.deadline);
        return;
      }
      this.remove(next);
      this.#expire(next);
    }
  };

  /** The job that is due first. */
  #next(): Job | undefined {
    let next = this.#heap.first;
    for (const { first } of this.#lanes) {
      if (first !== undefined && (next === undefined || first.deadline < next.deadline)) next = first;
    }
    return next;
  }
}
