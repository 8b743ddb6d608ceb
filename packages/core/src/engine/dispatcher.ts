import type { JobRequest, ResponseSink } from "../contracts/driver.ts";
import type { CocaineError } from "../errors.ts";
import type { CrashReport } from "../records/crash-report.ts";
import { letterOf } from "../records/dead-letter.ts";
import { Backlog } from "./backlog.ts";
import { Deadlines, NO_PLACE } from "./deadlines.ts";
import type { DispatcherOwner } from "./dispatcher-owner.ts";
import { appFailed, deadlinePassed, dropped, jobFailed, jobStalled, noWorker, queueFull } from "./errors.ts";
import { Job, type JobOwner } from "./job.ts";
import type { Pool } from "./pool.ts";
import type { PoolEvent, PoolOwner } from "./pool-owner.ts";
import type { Queue } from "./queue.ts";
import { countRetry, mayRetry, type RetryCause } from "./retries.ts";
import type { Task } from "./task.ts";
import type { Worker } from "./worker.ts";
import type { JobFailure } from "./worker-owner.ts";

/**
 * Every job of one app from its trigger to its outcome: the queue with its bounds and deadlines, and what becomes of a
 * job whose worker, caller or time is gone. Hands jobs to the pool of the app's current version.
 */
export class Dispatcher implements JobOwner, PoolOwner {
  readonly backlog: Backlog;
  readonly #app: string;
  readonly #owner: DispatcherOwner;
  readonly idPrefix: string;
  readonly #deadlines = new Deadlines((job) => this.#expire(job));
  #serial = 0;
  #pool: Pool | undefined;
  #failure: CocaineError | undefined;
  /** Set while no jobs are taken: what they are told. */
  #refusal: CocaineError | undefined;
  #aborted: CocaineError | undefined;
  #opened = 0;
  #idle: (() => void) | undefined;

  constructor(app: string, idPrefix: string, owner: DispatcherOwner) {
    this.#app = app;
    this.idPrefix = idPrefix;
    this.#owner = owner;
    this.backlog = new Backlog({ full: (full) => owner.full(full), due: () => this.#pool?.feed() });
  }

  /** Jobs that wait or run and have not answered their caller. */
  get open(): number {
    return this.#opened;
  }

  get queue(): Queue {
    return this.backlog.queue;
  }

  /** Gives jobs to this pool from now on. */
  use(pool: Pool, limit: number): void {
    this.#pool = pool;
    this.#failure = undefined;
    this.backlog.limit = limit;
    pool.serve();
  }

  /** Runs a job (contracts/driver.ts, `trigger`). */
  trigger(task: Task, request: JobRequest, response: ResponseSink): Job {
    const now = performance.now();
    const job = this.#open(task, request, response, now);
    const refusal = this.#refusal ?? (this.#failure && appFailed(this.#app, this.#failure));
    if (refusal !== undefined) {
      this.#failSoon(job, refusal);
      return job;
    }
    // A caller's own may have passed before it came here: such a job must not reach a worker.
    if (request.deadline !== undefined && request.deadline <= Date.now()) {
      this.#failSoon(job, deadlinePassed(task.name, true, undefined));
      return job;
    }
    if (job.deadline !== Number.POSITIVE_INFINITY) this.#deadlines.add(job);
    const worker = this.queue.length === 0 ? this.#pool?.idlest() : undefined;
    if (worker !== undefined) worker.run(job, now);
    else this.#enqueue(job);
    return job;
  }

  /**
   * Runs a job on a worker of this pool whatever the queue, and nowhere else. Its answer is not looked at.
   *
   * @returns rejects with the job's error.
   */
  probe(pool: Pool, task: Task, deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const now = performance.now();
      const job = this.#open(task, { deadline }, { write: () => true, end: resolve, fail: reject }, now);
      job.pinned = true;
      this.#deadlines.add(job);
      const worker = pool.idlest();
      if (worker === undefined) this.#failSoon(job, noWorker(this.#app));
      else worker.run(job, now);
    });
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
    if (this.#opened > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  /** Fails every job that waits, and from now on every one whose worker goes. */
  abort(error: CocaineError): void {
    this.#aborted = error;
    for (const job of this.backlog.clear()) this.#settle(job, error);
  }

  // --- what a job asks ---

  cancelled(job: Job, reason: string): void {
    job.task.metrics.cancelled++;
    if (job.state === "waiting") {
      this.backlog.remove(job);
      this.#over(job);
    } else {
      // Its deadline stays where it is: nobody waits, but the worker may not run it longer for that.
      job.abandon(reason);
    }
    this.#leave();
  }

  // --- what the pool asks and tells ---

  next(): Job | undefined {
    let job = this.backlog.shift();
    // The timer of the deadlines may be late on a busy loop; an expired job must not reach a worker.
    while (job !== undefined && job.deadline !== Number.POSITIVE_INFINITY && job.deadline <= Date.now()) {
      this.#settle(job, deadlinePassed(job.task.name, true, job.failure));
      job = this.backlog.shift();
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
      this.#bury(job, error);
      job.abandon("stall");
      worker.expectEnd(job, reason);
      this.#answer(job, error, performance.now());
    }
  }

  crashed(report: CrashReport): void {
    this.#owner.crashed(report);
  }

  changed(event: PoolEvent): void {
    this.#owner.poolChanged(event);
  }

  failed(error: CocaineError): void {
    this.#failure = error;
    this.#owner.failed(error);
    for (const job of this.backlog.clear()) this.#settle(job, appFailed(this.#app, error));
  }

  recovered(): void {
    this.#failure = undefined;
    this.#owner.failed(undefined);
  }

  // --- the rules ---

  #open(task: Task, request: JobRequest, response: ResponseSink, now: number): Job {
    this.#opened++;
    return new Job(this, ++this.#serial, task, request, response, now);
  }

  #enqueue(job: Job): void {
    const { limit } = this.backlog;
    if (this.queue.length >= limit) {
      const oldest = job.task.policy.overflow === "drop-oldest" ? this.queue.oldest : undefined;
      if (oldest === undefined) return this.#failSoon(job, queueFull(this.#app, limit));
      this.backlog.remove(oldest);
      this.#settle(oldest, dropped(this.#app, limit));
    }
    this.backlog.push(job);
    this.#pool?.feed();
    this.backlog.gauge();
  }

  #mayRetry(job: Job, cause: RetryCause): boolean {
    return mayRetry(job, cause) && this.#aborted === undefined;
  }

  #repeat(job: Job, error: CocaineError): void {
    const delay = countRetry(job, error);
    job.requeue();
    this.backlog.putBack(job, delay);
  }

  #resend(job: Job): void {
    job.task.metrics.resent++;
    job.requeue();
    this.backlog.putBack(job, 0);
  }

  #expire(job: Job): void {
    const waiting = job.state === "waiting";
    const error = deadlinePassed(job.task.name, waiting, job.failure);
    if (waiting) {
      this.backlog.remove(job);
      return this.#settle(job, error);
    }
    job.worker?.expectEnd(job, `the deadline of its job ${job.id} (task "${job.task.name}") passed`);
    if (job.state === "abandoned") return;
    this.#bury(job, error);
    job.abandon("deadline");
    this.#answer(job, error, performance.now());
  }

  /** Refuses a job. The trigger's caller must have its handle before its response is called. */
  #failSoon(job: Job, error: CocaineError): void {
    job.buried = true;
    queueMicrotask(() => {
      if (job.state === "waiting") this.#settle(job, error, job.queuedAt);
    });
  }

  #settle(job: Job, error: CocaineError | undefined, now = performance.now()): void {
    if (error !== undefined) this.#bury(job, error);
    this.#over(job);
    this.#answer(job, error, now);
  }

  /** While its request is still here. */
  #bury(job: Job, error: CocaineError): void {
    if (!job.task.policy.deadLetter || job.buried || job.pinned) return;
    job.buried = true;
    this.#owner.buried(letterOf(job, error));
  }

  /** Nobody has anything to do with it any more. */
  #over(job: Job): void {
    if (job.place !== NO_PLACE) this.#deadlines.remove(job);
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
    this.#opened--;
    if (this.#opened === 0) this.#idle?.();
  }
}
