import type { Queue } from "./queue.ts";

/** Tells when a queue has become full, and when it is half empty again. */
export class Pressure {
  /** Jobs that may wait; none before it is set. */
  limit = 0;
  readonly #queue: Queue;
  readonly #tell: (full: boolean) => void;
  #full = false;

  /** @param tell - may add jobs to the queue before it returns. */
  constructor(queue: Queue, tell: (full: boolean) => void) {
    this.#queue = queue;
    this.#tell = tell;
  }

  /** Jobs came. */
  rose(): void {
    if (this.#full || this.#queue.length < this.limit) return;
    this.#full = true;
    this.#tell(true);
  }

  /** Jobs left. */
  fell(): void {
    if (this.#full && this.#hasRoom()) queueMicrotask(this.#tellRoom);
  }

  // Later, since jobs are triggered by it, and whoever took a job off the queue is in the middle of handing them out.
  readonly #tellRoom = (): void => {
    if (!this.#full || !this.#hasRoom()) return;
    this.#full = false;
    this.#tell(false);
  };

  #hasRoom(): boolean {
    return this.#queue.length <= this.limit / 2;
  }
}
