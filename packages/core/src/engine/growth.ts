import type { EnginePolicy } from "./policy.ts";
import type { Queue } from "./queue.ts";

/** What the growth of a pool depends on. */
export interface GrowingPool {
  readonly queue: Queue;
  readonly policy: EnginePolicy;
  /** Workers that live, without those that are stopping. */
  readonly size: number;
  readonly starting: number;
  /** Workers may be started now. */
  readonly open: boolean;
  spawn(): void;
}

/**
 * Makes a pool grow by waiting time, not by burst: what one worker clears within `spawn-delay` starts nothing, long jobs
 * soon have a worker each. One more is due whenever the oldest job has waited `spawn-delay` since it came or since the
 * last start; the first of an empty pool at once.
 */
export class Growth {
  readonly #pool: GrowingPool;
  #timer: NodeJS.Timeout | undefined;
  #lastSpawn = Number.NEGATIVE_INFINITY;

  constructor(pool: GrowingPool) {
    this.#pool = pool;
  }

  /** A worker was started, for whatever reason. */
  spawned(): void {
    this.#lastSpawn = performance.now();
  }

  /** Jobs wait, or workers went. */
  update(): void {
    const { queue, open, size } = this.#pool;
    if (queue.length === 0 || this.#timer !== undefined || !open) return;
    if (size === 0) this.#pool.spawn();
    const due = this.#due();
    if (due === undefined) return;
    this.#timer = setTimeout(this.#spawn, Math.max(1, due - performance.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #spawn = (): void => {
    this.#timer = undefined;
    if (!this.#pool.open) return;
    const due = this.#due();
    if (due !== undefined && due <= performance.now()) this.#pool.spawn();
    this.update();
  };

  /** When one more worker is due by what waits now, in monotonic milliseconds; `undefined`: none is. */
  #due(): number | undefined {
    const { queue, policy, size, starting } = this.#pool;
    const since = queue.waitingSince;
    if (since === undefined || queue.length <= policy.spawnThreshold) return undefined;
    if (starting >= queue.length || size >= policy.poolLimit) return undefined;
    return Math.max(since, this.#lastSpawn) + policy.spawnDelay;
  }
}
