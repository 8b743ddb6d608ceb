import type { CocaineError, DriverContext, JobOutcome, JobRequest, Logger } from "@cocaine/core/plugin";
import type { Frame } from "@cocaine/zmtp";
import type { Link } from "../socket/wire.ts";
import { closing } from "./closing.ts";
import type { ZmqPeer, ZmqResponse } from "./definition.ts";
import { Job } from "./job.ts";
import type { Tally } from "./tally.ts";

/** What the peers of one socket share. */
export interface PeerRules<Options> {
  readonly context: DriverContext;
  readonly options: Options;
  /** Milliseconds that a stalled peer has to take what waits for it; 0: for ever. */
  readonly stallMs: number;
  readonly tally: Tally;
  /** Whether nothing is to be read from any peer. */
  paused(): boolean;
  /** Whether the task ends. */
  draining(): boolean;
  received(frames: Uint8Array[], peer: ZmqPeer<Options>): void;
  /** A job ended. */
  settled(): void;
  /** The peer did not take what waits for it within `stallMs`. */
  stuck(link: Link): void;
}

/**
 * Somebody who sends messages. It is `flowing`, or `stalled` when more than `hwm` bytes wait for it: then nothing is
 * read from it and its jobs that write wait. One that went away is `gone`.
 */
export class Peer<Options> implements ZmqPeer<Options> {
  readonly #link: Link;
  readonly #rules: PeerRules<Options>;
  #state: "flowing" | "stalled" | "gone" = "flowing";
  /** Jobs that have not ended: a list through themselves, since every message enters and leaves it. */
  #first: Job | undefined = undefined;
  #kept: Uint8Array[] | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(link: Link, rules: PeerRules<Options>) {
    this.#link = link;
    this.#rules = rules;
  }

  get task(): string {
    return this.#rules.context.task;
  }

  get options(): Options {
    return this.#rules.options;
  }

  get log(): Logger {
    return this.#rules.context.log;
  }

  get remote(): string {
    return this.#link.remote;
  }

  get routingId(): Uint8Array {
    return this.#link.routingId;
  }

  get flowing(): boolean {
    return this.#state === "flowing" && !this.#rules.paused();
  }

  get stalled(): boolean {
    return this.#state === "stalled";
  }

  /** Whether it has no jobs, and nothing waits for it. */
  get idle(): boolean {
    return this.#state === "flowing" && this.#first === undefined && this.#kept === undefined;
  }

  trigger(request: JobRequest, response: ZmqResponse, rest?: readonly Uint8Array[], from = 0): Job {
    const { context, tally } = this.#rules;
    const job = new Job(this, response);
    if (this.#rules.draining()) {
      tally.refused++;
      queueMicrotask(() => response.fail(closing(context.task)));
      return job;
    }
    job.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = job;
    this.#first = job;
    tally.requests++;
    tally.running++;
    job.begin(context.trigger(request, job), rest, from);
    return job;
  }

  async publish(request: JobRequest, rest?: readonly Uint8Array[]): Promise<JobOutcome> {
    const { context, tally } = this.#rules;
    tally.requests++;
    tally.running++;
    const outcome = await context.publish(request, undefined, rest);
    tally.running--;
    if (outcome.status === "ok") tally.replies++;
    else tally.failures++;
    this.#rules.settled();
    return outcome;
  }

  send(frames: readonly Frame[]): void {
    if (!this.#link.send(frames) && this.#state === "flowing") this.#stall();
  }

  refuse(error: CocaineError, frames?: readonly Frame[]): void {
    const { tally, context } = this.#rules;
    tally.refused++;
    context.log.debug({ code: error.code, refused: tally.refused }, error.message);
    if (frames !== undefined) this.send(frames);
  }

  keep(frames: Uint8Array[]): void {
    this.#kept = frames;
  }

  /** Its job ended well. */
  answered(job: Job): void {
    this.#rules.tally.replies++;
    this.#settle(job);
  }

  /** Its job failed. */
  failed(job: Job): void {
    this.#rules.tally.failures++;
    this.#settle(job);
  }

  /** Reads from it, unless it is stalled or no peer is to be read from. */
  read(): void {
    this.#takeKept();
    if (this.flowing) this.#link.resume();
    else this.#link.pause();
  }

  /** It took what was waiting: stalled → flowing. */
  drained(): void {
    if (this.#state !== "stalled") return;
    clearTimeout(this.#timer);
    this.#state = "flowing";
    this.read();
    for (const job of this.#open()) job.resume();
  }

  /** It went away: any → gone. Its jobs are cancelled. */
  leave(reason: string): void {
    clearTimeout(this.#timer);
    this.#state = "gone";
    this.#kept = undefined;
    const { tally } = this.#rules;
    for (const job of this.#open()) {
      tally.abandoned++;
      tally.running--;
      job.cancel(reason);
    }
    this.#first = undefined;
    this.#rules.settled();
  }

  #takeKept(): void {
    while (this.#kept !== undefined && this.flowing) {
      const frames = this.#kept;
      this.#kept = undefined;
      this.#rules.received(frames, this);
    }
  }

  /** flowing → stalled. */
  #stall(): void {
    this.#state = "stalled";
    this.read();
    const { stallMs, stuck } = this.#rules;
    if (stallMs > 0) this.#timer = setTimeout(() => stuck(this.#link), stallMs).unref();
  }

  #settle(job: Job): void {
    const { previous, next } = job;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    job.previous = undefined;
    job.next = undefined;
    this.#rules.tally.running--;
    this.#rules.settled();
  }

  #open(): Job[] {
    const list: Job[] = [];
    for (let job = this.#first; job !== undefined; job = job.next) list.push(job);
    return list;
  }
}
