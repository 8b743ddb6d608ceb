import type { WorkerLink } from "../contracts/backend.ts";
import type { JobHandle, JobRequest, ResponseSink } from "../contracts/driver.ts";
import type { CocaineError } from "../errors.ts";
import { Code, FRAME_LIMIT, WINDOW } from "../protocol/messages.ts";
import { RequestStream } from "./request-stream.ts";
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
  /** The caller went away. */
  cancelled(job: Job, reason: string): void;
}

/**
 * One trigger's run: its request, and its response with its credit (docs/worker-protocol.md), which it passes on.
 * Whether and where it runs is decided elsewhere.
 */
export class Job implements JobHandle {
  readonly id: string;
  readonly task: Task;
  readonly request: RequestStream;
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
  /** The worker that it was sent to. */
  worker: Worker | undefined = undefined;
  /** Its number on the link of that worker. */
  number = 0;
  /** A response chunk has reached the caller: it cannot be run again. */
  answered = false;
  /** What its last run ended with. */
  failure: CocaineError | undefined = undefined;
  /** It runs on the worker that it is sent to, or not at all. */
  pinned = false;
  /** It is, or need not be, among the dead letters. */
  buried = false;
  /** Its worker is killed if it does not end it soon. */
  condemned = false;

  // Places in the queue and in the heap of deadlines, kept by those.
  queued = false;
  previous: Job | undefined = undefined;
  next: Job | undefined = undefined;
  heapIndex = -1;

  #state: JobState = "waiting";
  readonly #owner: JobOwner;
  readonly #sink: ResponseSink;
  #link: WorkerLink | undefined = undefined;

  #responseWindow = WINDOW;
  #ungranted = 0;
  #paused = false;
  /** It was sent, or a chunk went either way, since somebody looked. */
  #moved = true;
  #movedAt = 0;

  constructor(owner: JobOwner, id: string, task: Task, request: JobRequest, sink: ResponseSink, now: number) {
    this.#owner = owner;
    this.id = id;
    this.task = task;
    this.urgent = request.urgent === true || task.policy.urgent;
    const timeout = task.policy.timeout;
    const limit = timeout === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeout;
    this.deadline = request.deadline === undefined ? limit : Math.min(request.deadline, limit);
    this.queuedAt = now;
    this.#sink = sink;
    this.metadata = request.metadata;
    this.request = new RequestStream(request.chunk, request.end !== false);
    task.metrics.received += this.request.received;
  }

  get state(): JobState {
    return this.#state;
  }

  /** Whether the whole request is still here, so that another worker can be given it. */
  get repeatable(): boolean {
    return !this.request.consumed && !this.answered && !this.pinned;
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
    const callersTurn = this.#state === "running" && (this.#paused || this.request.starved);
    if (this.#moved || callersTurn) this.#movedAt = now;
    this.#moved = false;
    return now - this.#movedAt;
  }

  // --- what the driver calls ---

  write(chunk: Uint8Array): boolean {
    if (this.#state === "abandoned" || this.#state === "done" || this.request.ended) return true;
    this.task.metrics.received += chunk.length;
    this.request.append(chunk);
    if (this.#link !== undefined) this.request.pump(this.#link, this.number);
    return this.request.takesMore(this.#state === "running");
  }

  end(): void {
    if (this.request.ended) return;
    this.request.end();
    if (this.#link !== undefined && this.#state === "running") this.request.pump(this.#link, this.number);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#grant();
  }

  cancel(reason = "the caller went away"): void {
    if (this.#state === "waiting" || this.#state === "running") this.#owner.cancelled(this, reason);
  }

  // --- transitions ---

  /** waiting → running. */
  start(worker: Worker, link: WorkerLink, number: number, now: number): void {
    this.#state = "running";
    this.worker = worker;
    this.#link = link;
    this.number = number;
    this.sentAt = now;
    this.#moved = true;
    const whole = this.request.whole;
    link.send({
      code: Code.INVOKE,
      job: number,
      method: this.task.name,
      metadata: this.#describe(),
      chunk: this.request.begin(),
      end: whole,
    });
    if (!whole) this.request.pump(link, number);
  }

  /** running → waiting: the worker is gone and never began it, or it may be tried again. */
  requeue(): void {
    this.#state = "waiting";
    this.sentAt = 0;
    this.worker = undefined;
    this.#link = undefined;
    this.number = 0;
    this.request.rewind();
    this.#responseWindow = WINDOW;
    this.#ungranted = 0;
  }

  /**
   * running → waiting, while the worker that has it goes on and is told that nobody waits.
   *
   * @returns what stands for it with that worker, abandoned.
   */
  detach(reason: string): Job {
    const rest = new Job(this.#owner, this.id, this.task, {}, NOBODY, this.queuedAt);
    rest.worker = this.worker;
    rest.number = this.number;
    rest.sentAt = this.sentAt;
    rest.#link = this.#link;
    rest.#responseWindow = this.#responseWindow;
    rest.#ungranted = this.#ungranted;
    rest.abandon(reason);
    this.requeue();
    return rest;
  }

  /** running → abandoned: tells the worker that nobody waits. */
  abandon(reason: string): void {
    this.#state = "abandoned";
    this.request.drop();
    this.#link?.send({ code: Code.CANCEL, job: this.number, reason });
    // A worker that waits for credit must get on to see that it was cancelled.
    this.#paused = false;
    this.#grant();
  }

  /** Any → done. */
  finish(): void {
    this.#state = "done";
    this.request.drop();
    this.worker = undefined;
    this.#link = undefined;
  }

  // --- the answer ---

  /**
   * Takes a response chunk.
   *
   * @returns `false` when the worker sent more than it was given credit for.
   */
  receive(chunk: Uint8Array): boolean {
    this.#moved = true;
    this.#responseWindow -= chunk.length;
    this.#ungranted += chunk.length;
    if (this.#responseWindow < -FRAME_LIMIT) return false;
    if (this.#state === "running") {
      this.answered = true;
      this.task.metrics.sent += chunk.length;
      if (chunk.length > 0 && !this.#sink.write(chunk)) this.#paused = true;
    }
    if (!this.#paused && this.#ungranted >= WINDOW / 2) this.#grant();
    return true;
  }

  /** The worker took request bytes. */
  credit(bytes: number): void {
    this.#moved = true;
    this.request.credit(bytes);
    if (this.#state !== "running" || this.#link === undefined) return;
    // Credit proves that the worker began: what it was sent is needed again only if the job may be run again.
    const { retries, deadLetter } = this.task.policy;
    this.request.forget(retries.attempts > 0 || deadLetter ? FRAME_LIMIT : 0);
    this.request.pump(this.#link, this.number);
    if (this.request.drained()) this.#sink.drain?.();
  }

  /** Tells the caller that the response is complete. */
  complete(): void {
    this.#sink.end();
  }

  /** Tells the caller that the job failed. */
  fail(error: CocaineError): void {
    this.#sink.fail(error);
  }

  #grant(): void {
    if (this.#ungranted === 0 || this.#link === undefined) return;
    this.#responseWindow += this.#ungranted;
    this.#link.send({ code: Code.CREDIT, job: this.number, bytes: this.#ungranted });
    this.#ungranted = 0;
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
