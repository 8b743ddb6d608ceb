import { Code, FLAG_END } from "@cocaine/core/plugin";
import type { Link } from "./link.ts";
import type { Mark } from "./mark.ts";
import type { App } from "./methods.ts";
import { failureFrames, jobOf } from "./protocol.ts";
import { reply } from "./reply.ts";
import { RunningJob } from "./running-job.ts";
import { PATIENCE } from "./turns.ts";

export interface WorkerOptions {
  readonly link: Link;
  readonly app: App;
  /** Jobs that run at once; further ones wait here. */
  readonly concurrency: number;
  readonly mark: Mark | undefined;
  /** Called once after TERMINATE, when the last job has ended. */
  onDone(): void;
}

/** Runs the jobs that the engine sends. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #link: Link;
  readonly #app: App;
  /** Jobs that wait for something, by their numbers: those that end within their first turn are never here. */
  readonly #jobs = new Map<number, RunningJob>();
  /** Jobs that were sent ahead. */
  #ahead: RunningJob[] = [];
  #running = 0;
  #terminating = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#link = options.link;
    this.#app = options.app;
  }

  receive(frames: Uint8Array[]): void {
    const header = frames[0] as Buffer;
    const number = jobOf(header);
    const end = ((header[1] as number) & FLAG_END) !== 0;
    switch (header[0]) {
      case Code.INVOKE:
        return this.#invoke(number, frames, end);
      case Code.WRITE:
        return this.#jobs.get(number)?.receive(frames[1], end);
      case Code.CREDIT:
        return this.#jobs.get(number)?.credit((frames[1] as Buffer).readUInt32BE());
      case Code.CANCEL:
        return this.#cancel(number, (frames[1] as Buffer).toString("utf8"));
      case Code.TERMINATE:
        this.#terminating = true;
        return this.#doneIfIdle();
    }
  }

  #invoke(number: number, frames: Uint8Array[], whole: boolean): void {
    const name = frames[1] as Buffer;
    const { methods, web } = this.#app;
    const method = methods.get(name.toString("latin1"));
    const job = new RunningJob(
      this.#link,
      number,
      method,
      method?.name ?? name.toString("utf8"),
      frames[2] as Buffer,
      frames[3],
      whole,
    );
    if (web !== undefined && job.web) job.target = web;
    if (this.#running < this.#options.concurrency && this.#ahead.length === 0) return this.#begin(job);
    this.#jobs.set(number, job);
    this.#ahead.push(job);
  }

  #cancel(number: number, reason: string): void {
    const job = this.#jobs.get(number);
    if (job === undefined) return;
    job.cancel(reason);
    const at = this.#ahead.indexOf(job);
    if (at === -1) return;
    this.#ahead.splice(at, 1);
    this.#jobs.delete(number);
    this.#fail(job, job.cancelled);
    this.#doneIfIdle();
  }

  #begin(job: RunningJob): void {
    this.#options.mark?.(job.number);
    let ending: PromiseLike<unknown> | undefined;
    try {
      ending = this.#run(job);
    } catch (error) {
      this.#fail(job, error);
    }
    if (ending !== undefined) this.#await(job, ending);
    else if (this.#jobs.size > 0) this.#jobs.delete(job.number);
  }

  /** @returns a promise where the job does not end within this turn. */
  #run(job: RunningJob): PromiseLike<unknown> | undefined {
    const { target, whole } = job;
    if (target === undefined) throw noSuchMethod(job.method, this.#app.methods);
    const answer: unknown =
      whole !== undefined || target.streams
        ? target.handler(whole, job)
        : job.bytes().then((request) => target.handler(request, job));
    return isPromise(answer) ? answer.then((value) => reply(job, value)) : reply(job, answer);
  }

  #await(job: RunningJob, ending: PromiseLike<unknown>): void {
    this.#jobs.set(job.number, job);
    this.#running++;
    ending.then(
      () => this.#ended(job),
      (error: unknown) => {
        this.#fail(job, error);
        this.#ended(job);
      },
    );
  }

  #ended(job: RunningJob): void {
    this.#jobs.delete(job.number);
    this.#running--;
    this.#goOn();
  }

  /** Begins jobs that were sent ahead, in their order: the mark says that all before it have begun. */
  readonly #goOn = (): void => {
    const began = performance.now();
    while (this.#ahead.length > 0 && this.#running < this.#options.concurrency) {
      this.#begin(this.#ahead.shift() as RunningJob);
      if (performance.now() - began < PATIENCE) continue;
      // Ends the turn, so that the answers leave.
      setImmediate(this.#goOn);
      return;
    }
    this.#doneIfIdle();
  };

  #fail(job: RunningJob, thrown: unknown): void {
    this.#link.send(Code.ERROR, FLAG_END, job.number, ...failureFrames(thrown));
  }

  #doneIfIdle(): void {
    if (this.#terminating && this.#jobs.size === 0) this.#options.onDone();
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function noSuchMethod(name: string, methods: App["methods"]): Error {
  const known = [...methods.values()].map((method) => method.name).join(", ");
  const error = new Error(`the code exports no function "${name}"; it has: ${known === "" ? "none" : known}`);
  error.name = "no-such-method";
  return error;
}
