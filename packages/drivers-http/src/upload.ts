import type { JobHandle } from "@cocaine/core/plugin";
import { BODY_TOO_LARGE, type Problem, TOO_SLOW } from "./answer.ts";
import type { Incoming } from "./incoming.ts";

/** Bytes that a client must send in each span of `body-timeout`, so that a trickle cannot hold a worker. */
const PROGRESS = 1024;

export interface UploadRules {
  /** Bytes of the whole body at most. */
  readonly limit: number;
  /** Milliseconds in which the client must send something; 0: for ever. */
  readonly timeout: number;
  /** What comes behind the body, for the job. */
  trailers?(): Uint8Array;
  /** The body cannot be taken to its end. */
  refuse(problem: Problem): void;
}

/** A request body that is passed on as it comes, no faster than the job takes it. */
export class Upload {
  readonly #request: Incoming;
  readonly #handle: JobHandle;
  readonly #rules: UploadRules;
  #state: "flowing" | "paused" | "ended" = "flowing";
  #bytes: number;
  #seen: number;
  #waited = true;
  #timer: NodeJS.Timeout | undefined;

  /** @param taken - bytes that went with the trigger. */
  constructor(request: Incoming, handle: JobHandle, taken: number, rules: UploadRules) {
    this.#request = request;
    this.#handle = handle;
    this.#rules = rules;
    this.#bytes = taken;
    this.#seen = taken;
    if (rules.timeout > 0) this.#timer = setInterval(() => this.#check(), rules.timeout).unref();
    request.on("data", (chunk: Buffer) => this.#take(chunk));
    request.on("end", () => this.#end());
  }

  /** paused → flowing: the job takes more. */
  drain(): void {
    if (this.#state !== "paused") return;
    this.#state = "flowing";
    this.#request.resume();
  }

  /** Any → ended: what else comes is thrown away. */
  discard(): void {
    this.#state = "ended";
    clearInterval(this.#timer);
    this.#request.resume();
  }

  #take(chunk: Buffer): void {
    if (this.#state === "ended") return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#rules.limit) return this.#rules.refuse(BODY_TOO_LARGE);
    if (this.#handle.write(chunk)) return;
    this.#state = "paused";
    this.#waited = false;
    this.#request.pause();
  }

  #end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    clearInterval(this.#timer);
    const trailers = this.#rules.trailers?.();
    if (trailers !== undefined) this.#handle.write(trailers);
    this.#handle.end();
  }

  /** A span counts only if the client was waited for from its beginning to its end. */
  #check(): void {
    const slow = this.#waited && this.#state === "flowing" && this.#bytes - this.#seen < PROGRESS;
    this.#waited = this.#state === "flowing";
    this.#seen = this.#bytes;
    if (slow) this.#rules.refuse(TOO_SLOW);
  }
}
