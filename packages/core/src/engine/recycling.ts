import type { RecyclePolicy } from "./policy.ts";
import type { Worker } from "./worker.ts";

/** Replaces workers that are well but have served long enough: one at a time, and the new one is ready first. */
export class Recycling {
  readonly #policy: RecyclePolicy;
  readonly #spawn: () => Worker | undefined;
  #old: Worker | undefined;
  #replacement: Worker | undefined;
  #reason = "";
  #weighing = false;

  /** @param spawn - starts a worker, if one can be started now. */
  constructor(policy: RecyclePolicy, spawn: () => Worker | undefined) {
    this.#policy = policy;
    this.#spawn = spawn;
  }

  /** The jobs that one more worker may end; `Infinity` for any number. */
  drawLifetime(): number {
    const { jobs = Number.POSITIVE_INFINITY, jitter } = this.#policy;
    return jobs + Math.round((2 * Math.random() - 1) * jitter);
  }

  /** Milliseconds after which to look again. */
  get interval(): number {
    const { age = Number.POSITIVE_INFINITY, rss } = this.#policy;
    return Math.min(rss === undefined ? Number.POSITIVE_INFINITY : 1000, age / 4);
  }

  /** Replaces the worker if it has ended its jobs or is old enough, unless another is being replaced. */
  consider(worker: Worker): void {
    const { age = Number.POSITIVE_INFINITY } = this.#policy;
    if (worker.done >= worker.lifetime) this.#replace(worker, `after ${worker.done} jobs`);
    else if (worker.age >= age) this.#replace(worker, `after ${Math.round(worker.age / 1000)} s`);
  }

  /** The same by memory. */
  async weigh(workers: Iterable<Worker>): Promise<void> {
    const { rss } = this.#policy;
    if (rss === undefined || this.#weighing) return;
    this.#weighing = true;
    for (const worker of [...workers]) {
      const bytes = await worker.rss();
      if (bytes !== undefined && bytes > rss) this.#replace(worker, `at ${bytes} bytes of memory`);
    }
    this.#weighing = false;
  }

  /** A worker is ready. @returns whether one was retired for it, so that others may be replaced. */
  ready(worker: Worker): boolean {
    if (worker !== this.#replacement || this.#old === undefined) return false;
    const old = this.#old;
    this.#end();
    worker.follow(old);
    old.retire(`recycled ${this.#reason}`);
    return true;
  }

  gone(worker: Worker): void {
    if (worker === this.#old || worker === this.#replacement) this.#end();
  }

  #replace(worker: Worker, reason: string): void {
    if (this.#replacement !== undefined || worker.state !== "ready") return;
    this.#old = worker;
    this.#reason = reason;
    this.#replacement = this.#spawn();
  }

  #end(): void {
    this.#old = undefined;
    this.#replacement = undefined;
  }
}
