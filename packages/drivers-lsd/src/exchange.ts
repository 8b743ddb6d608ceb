import type { CocaineError, JobHandle, ResponseSink } from "@cocaine/core/plugin";
import type { Frame } from "@cocaine/zmtp";
import type { Client } from "./client.ts";
import type { Envelope } from "./envelope.ts";
import { failureFrame, headOf, lsdCodeOf } from "./failure.ts";

/** One pair of a message and its answer: one small object without closures, since there is one for every job. */
export class Exchange implements ResponseSink {
  /** Neighbours in the client's list of jobs that have not ended, kept by the client. */
  previous: Exchange | undefined = undefined;
  next: Exchange | undefined = undefined;
  /** Set as soon as the job is triggered: nothing of this is called before. */
  handle: JobHandle | undefined = undefined;

  readonly #client: Client;
  /** The frames up to the delimiter, with it. */
  readonly #route: readonly Frame[];
  /** What all answers begin with, up to where one goes on or ends. */
  readonly #head: string;
  /** Milliseconds since the epoch; `Infinity` without one. */
  readonly #deadline: number;
  /** By when it must have ended for its timeout. */
  readonly #timeout: number;
  #held = false;

  constructor(client: Client, route: readonly Frame[], envelope: Envelope) {
    this.#client = client;
    this.#route = route;
    this.#head = headOf(envelope.uuid);
    this.#deadline = envelope.deadline > 0 ? envelope.deadline * 1000 : Number.POSITIVE_INFINITY;
    this.#timeout = envelope.timeout > 0 ? Date.now() + envelope.timeout * 1000 : Number.POSITIVE_INFINITY;
  }

  /** Milliseconds since the epoch; `undefined` without one. */
  get deadline(): number | undefined {
    const deadline = Math.min(this.#deadline, this.#timeout);
    return deadline === Number.POSITIVE_INFINITY ? undefined : deadline;
  }

  write(chunk: Uint8Array): boolean {
    this.#client.send([...this.#route, `${this.#head}}`, chunk]);
    this.#held = this.#client.stalled;
    return !this.#held;
  }

  end(): void {
    this.#client.answered(this, [...this.#route, `${this.#head},"completed":true}`]);
  }

  fail(error: CocaineError): void {
    // The engine knows one moment by which the job must have ended, the caller two and the task a third.
    const expired = this.#deadline <= this.#timeout && Date.now() >= this.#deadline;
    this.#client.failed(this, [...this.#route, failureFrame(this.#head, lsdCodeOf(error, expired), error)]);
  }

  /** The client takes chunks again. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.handle?.resume();
  }

  /** The client went away. */
  cancel(reason: string): void {
    this.handle?.cancel(reason);
  }
}
