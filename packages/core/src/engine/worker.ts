import type { Exit, WorkerLink } from "../contracts/backend.ts";
import { type CocaineError, createError, messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";
import { Code, type Hello, type LogMessage, type WorkerMessage } from "../protocol/messages.ts";
import { startFailed, startTimedOut, workerCrashed, workerHung, workerKilled } from "./errors.ts";
import type { Job } from "./job.ts";
import { JobTable } from "./job-table.ts";
import { Pace } from "./pace.ts";
import type { EnginePolicy } from "./policy.ts";
import type { JobFailure, WorkerOwner } from "./worker-owner.ts";

/**
 * - `starting`: spawned, no HELLO yet
 * - `ready`: takes jobs
 * - `retiring`: takes no more, ends what it has
 * - `stopping`: was told to exit, or is being killed
 * - `gone`: has exited
 */
export type WorkerState = "starting" | "ready" | "retiring" | "stopping" | "gone";

/** What a worker is made of. */
export interface WorkerParts {
  readonly id: string;
  readonly link: WorkerLink;
  readonly policy: EnginePolicy;
  /** Jobs that it runs at once. */
  readonly concurrency: number;
  /** Jobs that it may end before it is replaced. */
  readonly lifetime: number;
  readonly owner: WorkerOwner;
  readonly log: Logger;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** One worker of the pool: its state, the jobs that it has, and every way in which it may end. */
export class Worker {
  readonly id: string;
  /** Jobs that it may end. */
  readonly lifetime: number;
  readonly #link: WorkerLink;
  readonly #policy: EnginePolicy;
  readonly #concurrency: number;
  readonly #owner: WorkerOwner;
  readonly #log: Logger;
  readonly #jobs = new JobTable<Job>();
  readonly #pace = new Pace();
  readonly #spawnedAt = performance.now();
  #state: WorkerState = "starting";
  #hello: Hello | undefined;
  #done = 0;
  /** Set by whoever ends the worker: the reason that its jobs are told. */
  #reason: CocaineError | undefined;
  #asked = false;
  #timer: NodeJS.Timeout | undefined;
  #heard = true;
  #heardAt = performance.now();
  #idleSince = performance.now();

  constructor({ id, link, policy, concurrency, lifetime, owner, log }: WorkerParts) {
    this.id = id;
    this.lifetime = lifetime;
    this.#link = link;
    this.#policy = policy;
    this.#concurrency = concurrency;
    this.#owner = owner;
    this.#log = log;
    this.#timer = setTimeout(() => this.#startTimedOut(), policy.startupTimeout);
    link.onMessage((message) => this.#receive(message));
    link.onError((error) => this.#broke(messageOf(error), error));
    void link.exited.then((exit) => this.#exited(exit));
  }

  get state(): WorkerState {
    return this.#state;
  }
  get pid(): number | undefined {
    return this.#link.pid;
  }
  /** Jobs that it has now. */
  get load(): number {
    return this.#jobs.size;
  }
  /** Jobs that it has ended. */
  get done(): number {
    return this.#done;
  }
  /** It was asked to end, and ended: not a crash. */
  get wasAsked(): boolean {
    return this.#asked;
  }
  /** Milliseconds since it was spawned. */
  get age(): number {
    return performance.now() - this.#spawnedAt;
  }

  /** How many more jobs it may be sent now: up to its concurrency, and short ones ahead (engine.md, prefetch). */
  get room(): number {
    if (this.#state !== "ready") return 0;
    return this.#concurrency + this.#ahead() - this.#jobs.size;
  }

  /** Milliseconds without a job; 0 while it has one. */
  idleFor(now: number): number {
    return this.#jobs.size > 0 ? 0 : now - this.#idleSince;
  }

  /** Bytes of its resident memory, where they can be known. */
  async rss(): Promise<number | undefined> {
    return this.#link.rss?.();
  }

  /** It takes the place of one that has perhaps been idle for long. */
  follow(other: Worker): void {
    if (other.load === 0) this.#idleSince = other.#idleSince;
  }

  run(job: Job, now: number): void {
    job.start(this, this.#link, this.#jobs.add(job), now);
  }

  /** Takes a job off it that is to be run elsewhere. @returns what stands for it until the worker ends it. */
  release(job: Job, reason: string): Job {
    const rest = job.detach(reason);
    this.#jobs.replace(rest);
    return rest;
  }

  /** A job that nobody waits for must end within `cancel-grace`, or the worker is killed. */
  expectEnd(job: Job, reason: string): void {
    if (!job.condemn()) return;
    const number = job.number;
    setTimeout(() => {
      if (this.#jobs.get(number) !== job || !this.#began(number)) return;
      this.kill(workerKilled(this.id, `${reason}, and it did not end the job within the cancel-grace`));
    }, this.#policy.cancelGrace).unref();
  }

  /** Jobs that it has begun, and alone has held up for their `stall-timeout`. Called from time to time. */
  stalled(now: number): Job[] {
    const limited = this.#jobs.all().filter(({ task }) => task.policy.stallTimeout !== Number.POSITIVE_INFINITY);
    return limited.filter((job) => this.#began(job.number) && job.stalledFor(now) >= job.task.policy.stallTimeout);
  }

  /** Kills the worker if nothing was heard from it for `heartbeat-timeout`. Called from time to time. */
  checkPulse(now: number): void {
    if (this.#state !== "ready" && this.#state !== "retiring") return;
    if (this.#heard) {
      this.#heard = false;
      this.#heardAt = now;
    } else if (now - this.#heardAt >= this.#policy.heartbeatTimeout) {
      this.kill(workerHung(this.id, this.#policy.heartbeatTimeout));
    }
  }

  /** ready → retiring → stopping: takes no more jobs, ends what it has, exits. */
  retire(reason: string): void {
    if (this.#state !== "ready" && this.#state !== "starting") return;
    this.#asked = true;
    if (this.#state === "starting") return this.kill(workerKilled(this.id, reason));
    this.#state = "retiring";
    this.#link.send({ code: Code.TERMINATE, reason });
    if (this.#jobs.size === 0) this.#awaitExit();
  }

  /** Any → stopping: SIGTERM, grace, SIGKILL. Its jobs are told `error`. */
  kill(error: CocaineError, grace = this.#policy.terminationGrace): void {
    if (this.#state === "gone") return;
    this.#state = "stopping";
    this.#reason ??= error;
    clearTimeout(this.#timer);
    void this.#link.stop(grace);
  }

  #receive(message: WorkerMessage): void {
    this.#heard = true;
    switch (message.code) {
      case Code.CHUNK: {
        const job = this.#jobs.get(message.job);
        if (job === undefined) return this.#broke(`CHUNK for job ${message.job}, which it does not have`);
        if (!job.receive(message.chunk)) this.#broke(`more response bytes than it was given credit for`);
        else if (message.end) this.#ended(message.job, undefined);
        return;
      }
      case Code.CHOKE:
        return this.#ended(message.job, undefined);
      case Code.ERROR:
        return this.#ended(message.job, message);
      case Code.CREDIT:
        this.#jobs.get(message.job)?.credit(message.bytes);
        return;
      case Code.HEARTBEAT:
        return;
      case Code.HELLO:
        return this.#greet(message.hello);
      case Code.RETIRE:
        this.retire(message.reason);
        return this.#owner.retired(this);
      case Code.LOG:
        return this.#write(message);
    }
  }

  #greet(hello: Hello): void {
    if (this.#state === "stopping") return;
    if (this.#state !== "starting") return this.#broke("a second HELLO");
    clearTimeout(this.#timer);
    this.#hello = hello;
    this.#state = "ready";
    this.#idleSince = performance.now();
    this.#owner.ready(this);
  }

  #ended(number: number, failure: JobFailure | undefined): void {
    const job = this.#jobs.get(number);
    if (job === undefined) return this.#broke(`an answer for job ${number}, which it does not have`);
    const now = performance.now();
    this.#pace.ended(job.sentAt, now);
    this.#jobs.remove(number);
    this.#done++;
    if (this.#jobs.size === 0) {
      this.#idleSince = now;
      if (this.#state === "retiring") this.#awaitExit();
    }
    this.#owner.ended(this, job, failure, now);
  }

  /** retiring → stopping: it was told TERMINATE and has nothing left to do. */
  #awaitExit(): void {
    this.#state = "stopping";
    this.#timer = setTimeout(() => void this.#link.stop(this.#policy.terminationGrace), this.#policy.terminationGrace);
  }

  #startTimedOut(): void {
    // The lines are taken at the time of the kill: what it wrote up to then says why.
    this.kill(startTimedOut(this.id, this.#policy.startupTimeout, this.#link.output()));
  }

  #broke(what: string, cause?: unknown): void {
    const error = createError("COC_PROTOCOL", `worker ${this.id} broke the worker protocol and was killed: ${what}`, {
      cause,
    });
    this.#log.error({ worker: this.id, code: error.code }, error.message);
    this.kill(error);
  }

  #exited(exit: Exit): void {
    const starting = this.#hello === undefined;
    this.#state = "gone";
    clearTimeout(this.#timer);
    const output = this.#link.output();
    const error = this.#reason ?? (starting ? startFailed : workerCrashed)(this.id, exit, output);
    const begun: Job[] = [];
    const unbegun: Job[] = [];
    for (const job of this.#jobs.clear()) (this.#began(job.number) ? begun : unbegun).push(job);
    this.#owner.gone(this, { exit, error, begun, unbegun, output });
  }

  /** Whether a job's code has begun to run. Without a progress mark, every job that was sent counts as begun. */
  #began(number: number): boolean {
    const mark = this.#hello?.progress === true ? this.#link.begun() : undefined;
    // Signed distance, so that the comparison holds where numbers wrap.
    return mark === undefined || ((number - mark) | 0) <= 0;
  }

  #ahead(): number {
    if (this.#concurrency > 1 || this.#hello?.progress !== true) return 0;
    return Math.min(this.#policy.prefetch, this.#pace.jobsWithin(1));
  }

  #write(message: LogMessage): void {
    const level = LEVELS.find((name) => name === message.level) ?? "info";
    const job = this.#jobs.get(message.job);
    this.#log[level](
      { ...message.fields, worker: this.id, ...(job && { job: job.id, task: job.task.name }) },
      message.message,
    );
  }
}
