import type { CocaineError, JobHandle, ResponseSink } from "@cocaine/core/plugin";
import type { Client } from "./client.ts";
import { EMPTY, failureFrames, replyTooLarge } from "./failure.ts";

/** What a collected chunk costs beside its bytes: the view of it. */
const CHUNK_COST = 64;

/**
 * One request of a client and its reply. There is one for every message, so it is one small object without closures:
 * `bench/` measures the server through it.
 */
export class Exchange implements ResponseSink {
  /** Neighbours in the client's list of unanswered requests, kept by the client. */
  previous: Exchange | undefined = undefined;
  next: Exchange | undefined = undefined;

  readonly #client: Client;
  /** The frames up to the delimiter, or `undefined` where that is the delimiter alone. */
  readonly #envelope: readonly Uint8Array[] | undefined;
  #handle: JobHandle | undefined = undefined;
  /** The reply as it will be sent, from its first chunk on. */
  #reply: Uint8Array[] | undefined = undefined;
  #size = 0;
  /** Request frames that the job has not taken yet start at `#at`. */
  #request: readonly Uint8Array[] | undefined = undefined;
  #at = 0;
  #held = false;

  constructor(client: Client, envelope: readonly Uint8Array[] | undefined) {
    this.#client = client;
    this.#envelope = envelope;
  }

  /** Takes the job that runs the request, and its chunks from the frame `at` on, if there are more than the first. */
  begin(handle: JobHandle, request: readonly Uint8Array[] | undefined, at: number): void {
    this.#handle = handle;
    if (request === undefined) return;
    this.#request = request;
    this.#at = at;
    this.drain();
  }

  drain(): void {
    while (this.#request !== undefined) {
      const chunk = this.#request[this.#at++];
      if (chunk === undefined) {
        this.#request = undefined;
        this.#handle?.end();
      } else if (this.#handle?.write(chunk) === false) {
        return;
      }
    }
  }

  write(chunk: Uint8Array): boolean {
    if (chunk.length === 0) return true;
    this.#size += chunk.length + CHUNK_COST;
    if (this.#size > this.#client.replyLimit) return this.#overflow();
    if (this.#reply === undefined) this.#reply = this.#start(chunk);
    else this.#reply.push(chunk);
    this.#held = this.#client.stalled;
    return !this.#held;
  }

  end(): void {
    this.#client.answered(this, this.#reply ?? this.#start(EMPTY));
  }

  fail(error: CocaineError): void {
    this.#request = undefined;
    this.#client.failed(this, [...(this.#envelope ?? [EMPTY]), ...failureFrames(error)]);
  }

  /** The client takes replies again. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#handle?.resume();
  }

  /** The client went away. */
  cancel(reason: string): void {
    this.#request = undefined;
    this.#handle?.cancel(reason);
  }

  #start(chunk: Uint8Array): Uint8Array[] {
    return this.#envelope === undefined ? [EMPTY, chunk] : [...this.#envelope, chunk];
  }

  #overflow(): boolean {
    this.cancel("the reply is too large");
    this.#reply = undefined;
    this.fail(replyTooLarge(this.#client.task, this.#client.replyLimit));
    return true;
  }
}
