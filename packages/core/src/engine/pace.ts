// Samples before the pace is believed, and the weight of a new one.
const ENOUGH = 8;
const WEIGHT = 1 / 8;

/**
 * How fast a worker ends its jobs lately: a moving average of the time between one end and the next while it is busy.
 * Answers come in batches, but over a batch the times add up to what its jobs took.
 */
export class Pace {
  #average = 0;
  #samples = 0;
  #lastEnd = 0;

  /** @param sentAt - when the job was sent to the worker, in monotonic milliseconds. */
  ended(sentAt: number, now: number): void {
    const took = now - Math.max(sentAt, this.#lastEnd);
    this.#lastEnd = now;
    this.#samples++;
    this.#average += (took - this.#average) * Math.max(WEIGHT, 1 / this.#samples);
  }

  /** Jobs that it ends within `milliseconds` at this pace; 0 while too few were seen. */
  jobsWithin(milliseconds: number): number {
    if (this.#samples < ENOUGH) return 0;
    return Math.floor(milliseconds / Math.max(this.#average, 0.001));
  }
}
