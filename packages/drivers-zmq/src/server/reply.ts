import type { CocaineError } from "@cocaine/core/plugin";
import type { ZmqJob, ZmqPeer, ZmqResponse } from "../driver/definition.ts";
import { EMPTY, failureFrames, replyTooLarge } from "./failure.ts";

/** What a collected chunk costs beside its bytes: the view of it. */
const CHUNK_COST = 64;

/**
 * A reply in one message, sent when it is complete. There is one for every request, so it is one small object without
 * closures: `bench/` measures the server through it.
 */
export class WholeReply implements ZmqResponse {
  /** Set as soon as the job is triggered: nothing of this is called before. */
  job: ZmqJob | undefined = undefined;

  readonly #peer: ZmqPeer;
  readonly #limit: number;
  /** The frames before the reply, or `undefined` where that is the delimiter alone. */
  readonly #envelope: readonly Uint8Array[] | undefined;
  /** The reply as it will be sent, from its first chunk on. */
  #frames: Uint8Array[] | undefined = undefined;
  #size = 0;

  constructor(peer: ZmqPeer, envelope: readonly Uint8Array[] | undefined, limit: number) {
    this.#peer = peer;
    this.#envelope = envelope;
    this.#limit = limit;
  }

  write(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#size += chunk.length + CHUNK_COST;
    if (this.#size > this.#limit) this.job?.abort(replyTooLarge(this.#peer.task, this.#limit));
    else if (this.#frames === undefined) this.#frames = this.#start(chunk);
    else this.#frames.push(chunk);
  }

  end(): void {
    this.#peer.send(this.#frames ?? this.#start(EMPTY));
  }

  fail(error: CocaineError): void {
    this.#peer.send([...(this.#envelope ?? [EMPTY]), ...failureFrames(error)]);
  }

  #start(chunk: Uint8Array): Uint8Array[] {
    return this.#envelope === undefined ? [EMPTY, chunk] : [...this.#envelope, chunk];
  }
}

/** A reply of a message a chunk, each with the envelope, and one of an empty frame that ends it. */
export function streamedReply(peer: ZmqPeer, envelope: readonly Uint8Array[]): ZmqResponse {
  return {
    write(chunk) {
      if (chunk.length > 0) peer.send([...envelope, chunk]);
    },
    end: () => peer.send([...envelope, EMPTY]),
    fail: (error) => peer.send([...envelope, ...failureFrames(error)]),
  };
}
