import { randomUUID } from "node:crypto";
import type { CocaineError } from "@cocaine/core/plugin";
import type { Told } from "./caller.ts";
import type { Link } from "./link.ts";
import type { CallOptions } from "./policy.ts";

/** What a chunk costs while it waits, beside its bytes. */
const CHUNK_COST = 64;

/** A policy of which everything is said. */
export type CallPolicy = Required<Pick<CallOptions, "urgent" | "timeout" | "maxRetries"> & Told> &
  Pick<CallOptions, "onRestart">;

/**
 * One request and its response. It is `waiting` until a link takes it and after one failed it, `sent` while a link has
 * it, `over` when its end or failure is known, though chunks may still wait to be read.
 */
export class Call {
  readonly uuid = randomUUID();
  readonly body: Uint8Array;
  readonly policy: CallPolicy;
  /** Milliseconds since the epoch; `Infinity` without one. */
  readonly deadline: number;
  /** How often it was sent. */
  sent = 0;
  /** How often a server refused it. */
  refusals = 0;
  /** Why it was not served the last time. */
  last: CocaineError | undefined = undefined;
  /** The back-off before it is sent again. */
  retry: NodeJS.Timeout | undefined = undefined;

  #state: "waiting" | "sent" | "over" = "waiting";
  #link: Link | undefined = undefined;
  /** Chunks that nobody took yet, and the link whose window they take. */
  #chunks: Uint8Array[] = [];
  #source: Link | undefined = undefined;
  #failure: unknown = undefined;
  #handed = false;
  #wake: (() => void) | undefined = undefined;

  constructor(body: Uint8Array, policy: CallPolicy, deadline: number) {
    this.body = body;
    this.policy = policy;
    this.deadline = deadline;
  }

  get over(): boolean {
    return this.#state === "over";
  }

  /** The link that has it; after that, none. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** Whether it may be sent again without the caller hearing a beginning twice unasked. */
  get repeatable(): boolean {
    return !this.#handed || this.policy.onRestart !== undefined;
  }

  /** waiting → sent. */
  send(link: Link): void {
    this.#state = "sent";
    this.#link = link;
    this.#source = link;
    this.sent++;
  }

  /** sent → waiting: what had come of the response is dropped. */
  restart(error: CocaineError): void {
    this.#state = "waiting";
    this.#link = undefined;
    this.last = error;
    this.#drop();
    if (!this.#handed) return;
    this.#handed = false;
    this.policy.onRestart?.();
  }

  /** A chunk of the response came. */
  receive(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#source?.hold(chunk.length + CHUNK_COST);
    this.#wake?.();
  }

  /** Any → over: the response is complete, or failed. What came before is still handed over. */
  end(failure?: CocaineError): void {
    if (this.#state === "over") return;
    // Nothing more comes: what waits for a reader who may have left is no matter of the link.
    this.#letGo();
    this.#finish(failure);
  }

  /** Any → over, without what came and was not handed over. */
  drop(failure: unknown): void {
    const cut = this.#chunks.length > 0;
    this.#drop();
    if (this.#state !== "over") this.#finish(failure);
    // It had come whole, and the rest is gone: that is no end of a response.
    else if (cut) this.#failure ??= failure;
  }

  /** The next chunk; `undefined` when the response is complete. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#handed = true;
        this.#source?.release(chunk.length + CHUNK_COST);
        return chunk;
      }
      if (this.#state === "over") {
        if (this.#failure !== undefined) throw this.#failure;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #finish(failure: unknown): void {
    this.#state = "over";
    this.#link = undefined;
    this.#failure = failure;
    clearTimeout(this.retry);
    this.#wake?.();
  }

  #drop(): void {
    this.#letGo();
    this.#chunks = [];
  }

  /** Gives the link its window back. */
  #letGo(): void {
    for (const chunk of this.#chunks) this.#source?.release(chunk.length + CHUNK_COST);
    this.#source = undefined;
  }
}
