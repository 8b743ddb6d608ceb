import type { CocaineError, JobHandle, ResponseSink } from "@cocaine/core/plugin";
import type { ZmqJob, ZmqResponse } from "./definition.ts";

/** What a job needs of its peer. */
export interface JobOwner {
  readonly stalled: boolean;
  answered(job: Job): void;
  failed(job: Job): void;
}

/** A job of a peer. There is one for every message, so it is one small object without closures. */
export class Job implements ResponseSink, ZmqJob {
  /** Neighbours in the peer's list of jobs that have not ended, kept by the peer. */
  previous: Job | undefined = undefined;
  next: Job | undefined = undefined;

  readonly #owner: JobOwner;
  readonly #response: ZmqResponse;
  #handle: JobHandle | undefined = undefined;
  /** Request chunks that the job has not taken yet start at `#at`. */
  #rest: readonly Uint8Array[] | undefined = undefined;
  #at = 0;
  #held = false;

  constructor(owner: JobOwner, response: ZmqResponse) {
    this.#owner = owner;
    this.#response = response;
  }

  /** Takes the engine's handle, and the rest of the request. */
  begin(handle: JobHandle, rest: readonly Uint8Array[] | undefined, at: number): void {
    this.#handle = handle;
    if (rest === undefined) return;
    this.#rest = rest;
    this.#at = at;
    this.drain();
  }

  drain(): void {
    while (this.#rest !== undefined) {
      const chunk = this.#rest[this.#at++];
      if (chunk === undefined) {
        this.#rest = undefined;
        this.#handle?.end();
      } else if (this.#handle?.write(chunk) === false) {
        return;
      }
    }
  }

  write(chunk: Uint8Array): boolean {
    this.#response.write(chunk);
    this.#held = this.#owner.stalled;
    return !this.#held;
  }

  end(): void {
    this.#response.end();
    this.#owner.answered(this);
  }

  fail(error: CocaineError): void {
    this.#rest = undefined;
    this.#response.fail(error);
    this.#owner.failed(this);
  }

  abort(error: CocaineError): void {
    this.cancel(error.message);
    this.fail(error);
  }

  /** The peer takes messages again. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#handle?.resume();
  }

  /** The peer went away. */
  cancel(reason: string): void {
    this.#rest = undefined;
    this.#handle?.cancel(reason);
  }
}
