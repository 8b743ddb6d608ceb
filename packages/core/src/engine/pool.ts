import type { Backend } from "../contracts/backend.ts";
import type { Launch } from "../contracts/language.ts";
import type { CocaineError } from "../errors.ts";
import type { WorkerInfo } from "../info.ts";
import type { Logger } from "../observe/log.ts";
import { shuttingDown } from "./errors.ts";
import { type GrowingPool, Growth } from "./growth.ts";
import type { Job } from "./job.ts";
import type { EnginePolicy } from "./policy.ts";
import type { PoolEvent, PoolOwner } from "./pool-owner.ts";
import type { Queue } from "./queue.ts";
import { Recycling } from "./recycling.ts";
import { reportOf } from "./report.ts";
import { Restarts } from "./restarts.ts";
import { Worker, type WorkerState } from "./worker.ts";
import type { JobFailure, WorkerEnd, WorkerOwner } from "./worker-owner.ts";

export interface PoolOptions {
  readonly app: string;
  /** Begins the identities of its workers; unlike that of any other pool. */
  readonly name: string;
  /** The app's own, for crash reports. */
  readonly version: number | string | undefined;
  readonly policy: EnginePolicy;
  /** The shortest of its tasks, in milliseconds. */
  readonly stallTimeout: number;
  readonly launch: Launch;
  readonly backend: Backend;
  readonly log: Logger;
}

/** The workers of one version of an app, and the rules by which they come and go (engine.md, Pool). */
export class Pool implements WorkerOwner, GrowingPool {
  readonly policy: EnginePolicy;
  readonly #options: PoolOptions;
  readonly #owner: PoolOwner;
  readonly #workers = new Set<Worker>();
  readonly #growth = new Growth(this);
  readonly #restarts: Restarts;
  readonly #recycling: Recycling;
  #spawned = 0;
  #serving = false;
  #closing = false;
  /** What ends now was ended by us. */
  #closed = false;
  #housekeeping: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;
  #firstReady: { resolve(): void; reject(error: CocaineError): void } | undefined;

  constructor(options: PoolOptions, owner: PoolOwner) {
    this.#options = options;
    this.policy = options.policy;
    this.#owner = owner;
    this.#restarts = new Restarts(options.policy.startAttempts, {
      startAgain: (probe) => this.#startAgain(probe),
      failed: (error) => owner.failed(error),
      recovered: () => owner.recovered(),
    });
    this.#recycling = new Recycling(options.policy.recycle, () =>
      this.#closing || this.#restarts.pending ? undefined : this.spawn(),
    );
  }

  /**
   * Starts `pool-min` workers, and with `probe` one at the least.
   *
   * @returns with `probe`, resolves when the first worker is ready and rejects when one cannot start.
   */
  async start(probe: boolean): Promise<void> {
    await this.#options.backend.start();
    const { heartbeatTimeout, idleTimeout, poolMin } = this.policy;
    const interval = Math.min(heartbeatTimeout, idleTimeout, this.#options.stallTimeout) / 4;
    this.#housekeeping = setInterval(this.#check, Math.min(interval, this.#recycling.interval));
    this.#housekeeping.unref();
    const first = probe ? new Promise<void>((resolve, reject) => (this.#firstReady = { resolve, reject })) : undefined;
    for (let count = Math.max(poolMin, probe ? 1 : 0); count > 0; count--) this.spawn();
    await first;
  }

  /** From now on the jobs of the queue are this pool's. */
  serve(): void {
    this.#serving = true;
    this.feed();
  }

  /** Jobs wait: gives them to workers with room, and grows. */
  feed(): void {
    const { queue } = this;
    while (queue.length > 0) {
      const worker = this.idlest();
      if (worker === undefined) break;
      this.#fill(worker, 1);
    }
    this.#growth.update();
  }

  /** The ready worker with the fewest jobs that has room. */
  idlest(): Worker | undefined {
    let best: Worker | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const worker of this.#workers) {
      if (worker.load < least && worker.room > 0) {
        best = worker;
        least = worker.load;
      }
    }
    return best;
  }

  /** Takes no more jobs; resolves when every worker has ended what it had and is gone. */
  async drain(reason: string): Promise<void> {
    this.#stopServing();
    for (const worker of this.#workers) worker.retire(reason);
    await this.#empty();
  }

  /** Kills what is left, and gives the backend back. */
  async close(): Promise<void> {
    this.#stopServing();
    this.#closed = true;
    for (const worker of this.#workers) worker.kill(shuttingDown(this.#options.app), 0);
    await this.#empty();
    clearInterval(this.#housekeeping);
    await this.#options.backend.close();
  }

  /** Workers that live, without those that are stopping. */
  get size(): number {
    return this.#workers.size - this.#count("stopping");
  }
  get starting(): number {
    return this.#count("starting");
  }
  get queue(): Queue {
    return this.#owner.queue;
  }
  /** Workers may be started for jobs that wait. */
  get open(): boolean {
    return this.#serving && !this.#restarts.pending;
  }

  info(): WorkerInfo[] {
    return [...this.#workers].map((worker) => ({
      id: worker.id,
      pid: worker.pid,
      state: worker.state,
      jobs: worker.load,
      done: worker.done,
      uptime: worker.age / 1000,
    }));
  }

  // --- what its workers tell it ---

  ready(worker: Worker): void {
    this.#tell("ready", worker);
    this.#firstReady?.resolve();
    this.#firstReady = undefined;
    this.#restarts.started();
    this.#fill(worker, Number.POSITIVE_INFINITY);
    if (this.#recycling.ready(worker)) for (const each of this.#workers) this.#recycling.consider(each);
    this.#growth.update();
  }

  ended(worker: Worker, job: Job, failure: JobFailure | undefined, now: number): void {
    this.#restarts.worked();
    this.#owner.ended(job, failure, now);
    if (worker.done >= worker.lifetime) this.#recycling.consider(worker);
    if (this.#owner.queue.length > 0) this.#fill(worker, Number.POSITIVE_INFINITY);
  }

  retired(): void {
    this.#refill();
  }

  gone(worker: Worker, end: WorkerEnd): void {
    const { error, begun, unbegun } = end;
    const asked = worker.wasAsked;
    this.#workers.delete(worker);
    this.#recycling.gone(worker);
    this.#tell(asked ? "gone" : "crashed", worker, asked ? undefined : error);
    if (!asked && !this.#closed) this.#owner.crashed(reportOf(worker, end, this.#options.version));
    // A worker that was killed for a job's time-out could start: that job was at fault.
    const failedStart = !asked && worker.done === 0 && error.code !== "COC_WORKER_KILLED";
    if (failedStart && !this.#closing) this.#startFailed(error);
    this.#owner.lost(begun, unbegun, error);
    if (this.#workers.size === 0) this.#emptied?.();
    if (!this.#closing) {
      this.#refill();
      this.#growth.update();
    }
  }

  // --- how it grows and shrinks ---

  #fill(worker: Worker, most: number): void {
    if (!this.#serving) return;
    const now = performance.now();
    for (let count = Math.min(worker.room, most); count > 0; count--) {
      const job = this.#owner.next();
      if (job === undefined) return;
      worker.run(job, now);
    }
  }

  spawn(): Worker {
    const { app, backend, launch, log, name } = this.#options;
    const concurrency = this.policy.concurrency ?? launch.concurrency;
    const identity = `${name}-${++this.#spawned}`;
    this.#growth.spawned();
    const link = backend.spawn(launch, { identity, heartbeat: this.policy.heartbeatTimeout / 1000, concurrency });
    const worker = new Worker({
      id: identity,
      link,
      policy: this.policy,
      concurrency,
      lifetime: this.#recycling.drawLifetime(),
      owner: this,
      log: log.child({ app }),
    });
    this.#workers.add(worker);
    this.#tell("spawned", worker);
    return worker;
  }

  #count(state: WorkerState): number {
    let count = 0;
    for (const worker of this.#workers) if (worker.state === state) count++;
    return count;
  }

  #refill(): void {
    if (this.#closing || this.#restarts.pending) return;
    while (this.size < this.policy.poolMin) this.spawn();
  }

  #startAgain(probe: boolean): void {
    if (probe && this.size === 0) this.spawn();
    this.#refill();
    this.#growth.update();
  }

  #startFailed(error: CocaineError): void {
    if (this.#firstReady !== undefined) {
      // The probe of a deploy: whoever asked for it decides.
      this.#firstReady.reject(error);
      this.#firstReady = undefined;
      return;
    }
    this.#restarts.startFailed(error, this.#count("ready") === 0);
  }

  readonly #check = (): void => {
    const now = performance.now();
    for (const worker of this.#workers) {
      worker.checkPulse(now);
      for (const job of worker.stalled(now)) this.#owner.stalled(job, worker);
      if (this.size > this.policy.poolMin && worker.idleFor(now) >= this.policy.idleTimeout) worker.retire("idle");
      else this.#recycling.consider(worker);
    }
    void this.#recycling.weigh(this.#workers);
  };

  #stopServing(): void {
    this.#closing = true;
    this.#serving = false;
    this.#growth.stop();
    this.#restarts.stop();
    this.#firstReady?.reject(shuttingDown(this.#options.app));
    this.#firstReady = undefined;
  }

  async #empty(): Promise<void> {
    if (this.#workers.size === 0) return;
    await new Promise<void>((resolve) => {
      const earlier = this.#emptied;
      this.#emptied = () => {
        earlier?.();
        resolve();
      };
    });
  }

  #tell(event: PoolEvent["event"], worker: Worker, error?: CocaineError): void {
    this.#owner.changed({
      event,
      worker: worker.id,
      pid: worker.pid,
      size: this.size,
      ...(error !== undefined && { code: error.code, reason: error.message }),
    });
  }
}
