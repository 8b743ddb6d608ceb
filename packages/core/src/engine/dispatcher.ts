import type { JobHandle, JobRequest, ResponseSink } from "../contracts/driver.ts";
import type { CocaineError } from "../errors.ts";
import { delayAfter } from "./backoff.ts";
import { Deadlines } from "./deadlines.ts";
import { appFailed, deadlinePassed, dropped, jobFailed, jobStalled, queueFull } from "./errors.ts";
import { Job, type JobOwner } from "./job.ts";
import type { Pool } from "./pool.ts";
import type { PoolEvent, PoolOwner } from "./pool-owner.ts";
import { Postponed } from "./postponed.ts";
import { Pressure } from "./pressure.ts";
import { Queue } from "./queue.ts";
import type { Task } from "./task.ts";
import type { JobFailure, Worker } from "./worker.ts";

/** What the dispatcher tells the engine. */
export interface DispatcherOwner {
  /** A job is over for its caller, at `now`; `error` unless it ended well. */
  settled(job: Job, error: CocaineError | undefined, now: number): void;
  poolChanged(event: PoolEvent): void;
  /** The queue is full (`true`), or half empty again. May trigger jobs before it returns. */
  full(full: boolean): void;
  /** The workers cannot be started; `undefined`: they can again. */
  failed(error: CocaineError | undefined): void;
}

/**
 * Every job of one app from its trigger to its outcome: the queue with its bounds and deadlines, and what becomes of a
 * job whose worker, caller or time is gone. Hands jobs to the pool of the app's current version.
 */
export class Dispatcher implements JobOwner, PoolOwner {
  readonly queue = new Queue();
  readonly #app: string;
  readonly #owner: DispatcherOwner;
  readonly #idPrefix: string;
  readonly #deadlines = new Deadlines((job) => this.#expire(job));
  readonly #postponed = new Postponed((job) => this.#tryAgain(job));
  readonly #pressure: Pressure;
  #ids = 0;
  #pool: Pool | undefined;
  #failure: CocaineError | undefined;
  /** Set while no jobs are taken: what they are told. */
  #refusal: CocaineError | undefined;
  #aborted: CocaineError | undefined;
  #open = 0;
  #idle: (() => void) | undefined;

  constructor(app: string, idPrefix: string, limit: number, owner: DispatcherOwner) {
    this.#app = app;
    this.#idPrefix = idPrefix;
    this.#owner = owner;
    this.#pressure = new Pressure(this.queue, limit, (full) => owner.full(full));
  }

  /** Jobs that wait or run and have not answered their caller. */
  get open(): number {
    return this.#open;
  }

  /** Jobs that wait out a back-off. */
  get delayed(): number {
    return this.#postponed.size;
  }

  get limit(): number {
    return this.#pressure.limit;
  }

  /** Gives jobs to this pool from now on. */
  use(pool: Pool, limit: number): void {
    this.#pool = pool;
    this.#failure = undefined;
    this.#pressure.limit = limit;
    this.#pressure.rose();
    this.#pressure.fell();
    pool.serve();
  }

  /** Runs a job (contracts/driver.ts, `trigger`). */
  trigger(task: Task, request: JobRequest, response: ResponseSink): JobHandle {
    const now = performance.now();
    const id = this.#idPrefix + (++this.#ids).toString(36);
    const job = new Job(this, id, task, request, response, now);
    this.#open++;
    const refusal = this.#refusal ?? (this.#failure && appFailed(this.#app, this.#failure));
    if (refusal !== undefined) {
      this.#failSoon(job, refusal);
      return job;
    }
    if (job.deadline !== Number.POSITIVE_INFINITY) this.#deadlines.add(job);
    const worker = this.queue.length === 0 ? this.#pool?.idlest() : undefined;
    if (worker !== undefined) worker.run(job, now);
    else this.#enqueue(job);
    return job;
  }

  /** Takes no more jobs, which are told `error`, until `accept()`. Those that are open go on. */
  refuse(error: CocaineError): void {
    this.#refusal = error;
  }

  accept(): void {
    this.#refusal = undefined;
  }

  /** Resolves when no job is open. */
  async idle(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  /** Fails every job that waits, and from now on every one whose worker goes. */
  abort(error: CocaineError): void {
    this.#aborted = error;
    this.#failWaiting(error);
    for (const job of this.#postponed.clear()) this.#settle(job, error);
  }

  // --- what a job asks ---

  cancelled(job: Job, reason: string): void {
    job.task.metrics.cancelled++;
    if (job.state === "waiting") {
      this.#takeOut(job);
      this.#over(job);
    } else {
      // Its deadline stays where it is: nobody waits, but the worker may not run it longer for that.
      job.abandon(reason);
    }
    this.#leave();
  }

  // --- what the pool asks and tells ---

  next(): Job | undefined {
    let job = this.queue.shift();
    this.#pressure.fell();
    // The timer of the deadlines may be late on a busy loop; an expired job must not reach a worker.
    while (job !== undefined && job.deadline !== Number.POSITIVE_INFINITY && job.deadline <= Date.now()) {
      this.#settle(job, deadlinePassed(job.task.name, true, job.failure));
      job = this.queue.shift();
    }
    return job;
  }

  ended(job: Job, failure: JobFailure | undefined, now: number): void {
    if (job.state === "abandoned") return this.#over(job);
    if (failure === undefined) return this.#settle(job, undefined, now);
    const error = jobFailed(job.task.name, failure.error, failure.message, failure.details);
    if (this.#mayRetry(job, "error")) this.#repeat(job, error);
    else this.#settle(job, error, now);
  }

  lost(begun: readonly Job[], unbegun: readonly Job[], cause: CocaineError): void {
    const error = this.#aborted ?? cause;
    // Put back in reverse, so that they are first in the queue in the order they came.
    for (const job of unbegun.toReversed()) {
      if (job.state === "abandoned") this.#over(job);
      else if (job.repeatable && this.#aborted === undefined) this.#resend(job);
      else this.#settle(job, error);
    }
    for (const job of begun.toReversed()) {
      if (job.state === "abandoned") this.#over(job);
      else if (this.#mayRetry(job, "crash")) this.#repeat(job, error);
      else this.#settle(job, error);
    }
    this.#pool?.feed();
  }

  stalled(job: Job, worker: Worker): void {
    const reason = `its job ${job.id} (task "${job.task.name}") stalled`;
    if (job.state === "abandoned") return worker.expectEnd(job, reason);
    const error = jobStalled(job.task.name, job.task.policy.stallTimeout);
    if (this.#mayRetry(job, "timeout")) {
      worker.expectEnd(worker.release(job, "stall"), reason);
      this.#repeat(job, error);
      this.#pool?.feed();
    } else {
      job.abandon("stall");
      worker.expectEnd(job, reason);
      this.#answer(job, error, performance.now());
    }
  }

  changed(event: PoolEvent): void {
    this.#owner.poolChanged(event);
  }

  failed(error: CocaineError): void {
    this.#failure = error;
    this.#owner.failed(error);
    this.#failWaiting(appFailed(this.#app, error));
  }

  recovered(): void {
    this.#failure = undefined;
    this.#owner.failed(undefined);
  }

  // --- the rules ---

  #enqueue(job: Job): void {
    if (this.queue.length >= this.limit) {
      const oldest = job.task.policy.overflow === "drop-oldest" ? this.queue.oldest : undefined;
      if (oldest === undefined) return this.#failSoon(job, queueFull(this.#app, this.limit));
      this.#takeOut(oldest);
      this.#settle(oldest, dropped(this.#app, this.limit));
    }
    this.queue.push(job);
    this.#pool?.feed();
    this.#pressure.rose();
  }

  /** Out of where it waits, if it waits anywhere. */
  #takeOut(job: Job): void {
    if (!job.queued) return this.#postponed.remove(job);
    this.queue.remove(job);
    this.#pressure.fell();
  }

  #failWaiting(error: CocaineError): void {
    for (let job = this.queue.shift(); job !== undefined; job = this.queue.shift()) this.#settle(job, error);
    this.#pressure.fell();
  }

  #mayRetry(job: Job, cause: "crash" | "timeout" | "error"): boolean {
    const { attempts, on } = job.task.policy.retries;
    return job.attempt <= attempts && on.includes(cause) && job.repeatable && this.#aborted === undefined;
  }

  #repeat(job: Job, error: CocaineError): void {
    const { backoff, backoffLimit } = job.task.policy.retries;
    job.task.metrics.retries++;
    job.failure = error;
    const delay = backoff === 0 ? 0 : delayAfter(job.attempt, backoff, backoffLimit);
    job.attempt++;
    if (delay === 0) return this.#putBack(job);
    job.requeue();
    this.#postponed.add(job, delay);
  }

  /** The back-off of a job is over. */
  #tryAgain(job: Job): void {
    if (this.#failure !== undefined) return this.#settle(job, appFailed(this.#app, this.#failure));
    this.queue.unshift(job);
    this.#pool?.feed();
  }

  #resend(job: Job): void {
    job.task.metrics.resent++;
    this.#putBack(job);
  }

  /** Back into the queue, whose limit holds for new jobs only. */
  #putBack(job: Job): void {
    job.requeue();
    this.queue.unshift(job);
  }

  #expire(job: Job): void {
    const waiting = job.state === "waiting";
    const error = deadlinePassed(job.task.name, waiting, job.failure);
    if (waiting) {
      this.#takeOut(job);
      return this.#settle(job, error);
    }
    job.worker?.expectEnd(job, `the deadline of its job ${job.id} (task "${job.task.name}") passed`);
    if (job.state === "abandoned") return;
    job.abandon("deadline");
    this.#answer(job, error, performance.now());
  }

  /** The trigger's caller must have its handle before its response is called. */
  #failSoon(job: Job, error: CocaineError): void {
    queueMicrotask(() => {
      if (job.state === "waiting") this.#settle(job, error, job.queuedAt);
    });
  }

  #settle(job: Job, error: CocaineError | undefined, now = performance.now()): void {
    this.#over(job);
    this.#answer(job, error, now);
  }

  /** Nobody has anything to do with it any more. */
  #over(job: Job): void {
    if (job.heapIndex >= 0) this.#deadlines.remove(job);
    job.finish();
  }

  #answer(job: Job, error: CocaineError | undefined, now: number): void {
    job.task.metrics.settled(job, error, now);
    this.#owner.settled(job, error, now);
    if (error === undefined) job.complete();
    else job.fail(error);
    this.#leave();
  }

  #leave(): void {
    this.#open--;
    if (this.#open === 0) this.#idle?.();
  }
}
