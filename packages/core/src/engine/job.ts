import type { WorkerLink } from "../contracts/backend.ts";
import type { JobHandle, JobRequest, ResponseSink } from "../contracts/driver.ts";
import type { CocaineError } from "../errors.ts";
import { Code, FRAME_LIMIT } from "../protocol/messages.ts";
import { NO_PLACE } from "./deadlines.ts";
import { RequestStream } from "./request-stream.ts";
import { Run } from "./run.ts";
import type { Task } from "./task.ts";
import type { Worker } from "./worker.ts";

/**
 * - `waiting`: in the queue
 * - `running`: sent to a worker, which may not have begun it
 * - `abandoned`: its caller has its answer or went away; the worker has not ended it yet
 * - `done`: over for everyone
 */
export type JobState = "waiting" | "running" | "abandoned" | "done";

/** Where the rest of a response goes that nobody waits for. */
const NOBODY: ResponseSink = { write: () => true, end: () => undefined, fail: () => undefined };

/** What a job asks of the one that runs it. */
export interface JobOwner {
  /** What the ids of its jobs begin with. */
  readonly idPrefix: string;
  /** The caller went away. */
  cancelled(job: Job, reason: string): void;
}

/**
 * One trigger's run: its request, and its response with its credit (docs/worker-protocol.md), which it passes on.
 * Whether and where it runs is decided elsewhere.
 *
 * Many may wait, each of which the collector has to move: what only few or only running jobs need is not held here.
 */
export class Job implements JobHandle {
  readonly task: Task;
  /** The driver's own. */
  readonly metadata: JobRequest["metadata"];
  readonly urgent: boolean;
  /** Milliseconds since the epoch; `Infinity` without one. */
  readonly deadline: number;
  /** Monotonic milliseconds. */
  readonly queuedAt: number;
  /** When it was sent to the worker that has it, or had it last; 0 while it waits. */
  sentAt = 0;
  attempt = 1;
  /** What its last run ended with. */
  failure: CocaineError | undefined = undefined;
  /** It runs on the worker that it is sent to, or not at all. */
  pinned = false;
  /** It is, or need not be, among the dead letters. */
  buried = false;

  // Places in the queue and among the deadlines, kept by those.
  queued = false;
  previous: Job | undefined = undefined;
  next: Job | undefined = undefined;
  place = NO_PLACE;
  sooner: Job | undefined = undefined;
  later: Job | undefined = undefined;

  #state: JobState = "waiting";
  readonly #owner: JobOwner;
  readonly #serial: number;
  readonly #sink: ResponseSink;
  /** The request, if it came in one piece. */
  #whole: Uint8Array | undefined = undefined;
  /** The request, if it did not. */
  #stream: RequestStream | undefined = undefined;
  /** Its stay with the worker that has it. */
  #run: Run | undefined = undefined;

  /** @param serial - number among the jobs of its owner. @param now - monotonic milliseconds. */
  constructor(owner: JobOwner, serial: number, task: Task, request: JobRequest, sink: ResponseSink, now: number) {
    this.#owner = owner;
    this.#serial = serial;
    this.task = task;
    this.urgent = request.urgent === true || task.policy.urgent;
    const timeout = task.policy.timeout;
    const limit = timeout === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeout;
    this.deadline = request.deadline === undefined ? limit : Math.min(request.deadline, limit);
    this.queuedAt = now;
    this.#sink = sink;
    this.metadata = request.metadata;
    const { chunk, end } = request;
    if (end === false || (chunk !== undefined && chunk.length > FRAME_LIMIT)) {
      this.#stream = new RequestStream(chunk, end !== false);
    } else this.#whole = chunk;
    if (chunk !== undefined) task.metrics.received += chunk.length;
  }

  /** Unique in the cluster. Made up when it is asked for: few are asked more than once. */
  get id(): string {
    return this.#owner.idPrefix + this.#serial.toString(36);
  }

  get state(): JobState {
    return this.#state;
  }

  /** The worker that has it. */
  get worker(): Worker | undefined {
    return this.#run?.worker;
  }

  /** Its number on the link of that worker; 0 without one. */
  get number(): number {
    return this.#run === undefined ? 0 : this.#run.number;
  }

  /** Whether the whole request is still here, so that another worker can be given it. */
  get repeatable(): boolean {
    return this.#stream?.consumed !== true && this.#run?.answered !== true && !this.pinned;
  }

  /** Bytes of the request that came so far. */
  get received(): number {
    return this.#stream?.received ?? this.#whole?.length ?? 0;
  }

  /** @returns the whole request; `undefined` if it is not here. */
  copyRequest(): Buffer | undefined {
    return this.#stream === undefined ? Buffer.from(this.#whole ?? []) : this.#stream.copy();
  }

  /** Milliseconds up to `now` that it waited: until it was sent to the worker that has it, or had it last. */
  waited(now: number): number {
    // It may have come, from the answer to another, after the moment that it is said to be sent at.
    return Math.max(0, (this.sentAt === 0 ? now : this.sentAt) - this.queuedAt);
  }

  /** Milliseconds up to `now` that it was with that worker; 0 for one that was sent to none. */
  ran(now: number): number {
    return this.sentAt === 0 ? 0 : now - this.sentAt;
  }

  /**
   * Milliseconds that the worker alone has held it up, as far as looking from time to time tells: `now` is when nobody
   * could yet say so, if a chunk went either way since the last look or it is the caller who stopped.
   */
  stalledFor(now: number): number {
    const run = this.#run;
    if (run === undefined) return 0;
    const callersTurn = this.#state === "running" && (run.paused || this.#stream?.starved === true);
    if (run.moved || callersTurn) run.movedAt = now;
    run.moved = false;
    return now - run.movedAt;
  }

  /** @returns whether nobody had said so before: its worker is to be killed if it does not end it soon. */
  condemn(): boolean {
    if (this.#run === undefined || this.#run.condemned) return false;
    this.#run.condemned = true;
    return true;
  }

  // --- what the driver calls ---

  write(chunk: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream === undefined || stream.ended || this.#state === "abandoned" || this.#state === "done") return true;
    this.task.metrics.received += chunk.length;
    stream.append(chunk);
    if (this.#run !== undefined) stream.pump(this.#run.link, this.#run.number);
    return stream.takesMore(this.#state === "running");
  }

  end(): void {
    const stream = this.#stream;
    if (stream === undefined || stream.ended) return;
    stream.end();
    if (this.#run !== undefined && this.#state === "running") stream.pump(this.#run.link, this.#run.number);
  }

  resume(): void {
    if (this.#run?.paused === true) this.#run.grant();
  }

  cancel(reason = "the caller went away"): void {
    if (this.#state === "waiting" || this.#state === "running") this.#owner.cancelled(this, reason);
  }

  // --- transitions ---

  /** waiting → running. */
  start(worker: Worker, link: WorkerLink, number: number, now: number): void {
    this.#state = "running";
    this.sentAt = now;
    this.#run = new Run(worker, link, number);
    const stream = this.#stream;
    const end = stream === undefined || stream.whole;
    link.send({
      code: Code.INVOKE,
      job: number,
      method: this.task.name,
      metadata: this.#describe(),
      chunk: stream === undefined ? this.#whole : stream.begin(),
      end,
    });
    if (!end) stream?.pump(link, number);
  }

  /** running → waiting: the worker is gone and never began it, or it may be tried again. */
  requeue(): void {
    this.#state = "waiting";
    this.sentAt = 0;
    this.#run = undefined;
    this.#stream?.rewind();
  }

  /**
   * running → waiting, while the worker that has it goes on and is told that nobody waits.
   *
   * @returns what stands for it with that worker, abandoned.
   */
  detach(reason: string): Job {
    const rest = new Job(this.#owner, this.#serial, this.task, {}, NOBODY, this.queuedAt);
    rest.sentAt = this.sentAt;
    rest.#run = this.#run;
    rest.abandon(reason);
    this.requeue();
    return rest;
  }

  /** running → abandoned: tells the worker that nobody waits. */
  abandon(reason: string): void {
    this.#state = "abandoned";
    this.#drop();
    this.#run?.link.send({ code: Code.CANCEL, job: this.#run.number, reason });
    // A worker that waits for credit must get on to see that it was cancelled.
    this.#run?.grant();
  }

  /** Any → done. */
  finish(): void {
    this.#state = "done";
    this.#drop();
    this.#run = undefined;
  }

  // --- the answer ---

  /**
   * Takes a response chunk.
   *
   * @returns `false` when the worker sent more than it was given credit for.
   */
  receive(chunk: Uint8Array): boolean {
    const run = this.#run;
    if (run === undefined || !run.spend(chunk.length)) return false;
    if (this.#state === "running") {
      run.answered = true;
      this.task.metrics.sent += chunk.length;
      if (chunk.length > 0 && !this.#sink.write(chunk)) run.paused = true;
    }
    run.grantSome();
    return true;
  }

  /** The worker took request bytes. */
  credit(bytes: number): void {
    const run = this.#run;
    if (run === undefined) return;
    run.moved = true;
    const stream = this.#stream;
    if (stream === undefined || this.#state !== "running") return;
    stream.credit(bytes);
    // Credit proves that the worker began: what it was sent is needed again only if the job may be run again.
    const { retries, deadLetter } = this.task.policy;
    stream.forget(retries.attempts > 0 || deadLetter ? FRAME_LIMIT : 0);
    stream.pump(run.link, run.number);
    if (stream.drained()) this.#sink.drain?.();
  }

  /** Tells the caller that the response is complete. */
  complete(): void {
    this.#sink.end();
  }

  /** Tells the caller that the job failed. */
  fail(error: CocaineError): void {
    this.#sink.fail(error);
  }

  /** Nobody needs the request any more. */
  #drop(): void {
    this.#whole = undefined;
    this.#stream?.drop();
  }

  /** The metadata of INVOKE. Written by hand up to the driver's part, since it is written for every job. */
  #describe(): string {
    let text = `{"id":"${this.id}","attempt":${this.attempt}`;
    if (this.deadline !== Number.POSITIVE_INFINITY) text += `,"deadline":${this.deadline}`;
    if (this.metadata === undefined) return `${text}}`;
    const own = JSON.stringify(this.metadata);
    return own === "{}" ? `${text}}` : `${text},${own.slice(1)}`;
  }
}
