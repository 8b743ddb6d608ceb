import { BUCKETS, boundOf, indexOf } from "./buckets.ts";
import { type Bucket, type Distribution, distributionOf } from "./distribution.ts";

/** Durations by how many there were of which length. Recording one is two additions and a comparison. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #sum = 0;
  #max = 0;

  record(milliseconds: number): void {
    const index = indexOf(milliseconds);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sum += milliseconds;
    if (milliseconds > this.#max) this.#max = milliseconds;
  }

  /** What was recorded up to now, in seconds. */
  read(): Distribution {
    const buckets: Bucket[] = [];
    this.#counts.forEach((count, index) => {
      if (count > 0) buckets.push([boundOf(index), count]);
    });
    return distributionOf(buckets, this.#sum / 1000, this.#max / 1000);
  }
}
