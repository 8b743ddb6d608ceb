import type { PoolEvent } from "../engine/pool-owner.ts";
import type { PoolMetricsInfo } from "../info.ts";

/** How the workers of an app came and went, over all its versions. */
export class PoolMetrics {
  #starts = 0;
  #restarts = 0;
  /** Workers that ended unasked, and no start has made up for yet. */
  #missing = 0;
  readonly #ends = new Map<string, number>();

  count({ event, code }: PoolEvent): void {
    if (event === "spawned") {
      this.#starts++;
      if (this.#missing === 0) return;
      this.#missing--;
      this.#restarts++;
    } else if (event !== "ready") {
      if (event === "crashed") this.#missing++;
      const why = code ?? "retired";
      this.#ends.set(why, (this.#ends.get(why) ?? 0) + 1);
    }
  }

  info(): PoolMetricsInfo {
    return { starts: this.#starts, restarts: this.#restarts, ends: Object.fromEntries(this.#ends) };
  }
}
