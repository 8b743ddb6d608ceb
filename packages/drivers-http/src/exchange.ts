import type { CocaineError, JobHandle, ResponseSink } from "@cocaine/core/plugin";
import { logAccess } from "./access.ts";
import { BAD_HEAD, BODY_TOO_LARGE, MALFORMED, type Problem, problemOf, tell } from "./answer.ts";
import type { Channel, Occupant } from "./channel.ts";
import { type Head, parseHead } from "./head.ts";
import type { Incoming } from "./incoming.ts";
import type { Body, Outgoing, ReplyOwner } from "./outgoing.ts";
import { describe, firstOf, originOf, requestIdOf } from "./request.ts";
import type { Site, Waiting } from "./site.ts";
import { encodeTrailers, TrailedBody } from "./trailers.ts";
import { Upload } from "./upload.ts";

/**
 * One request and its response.
 *
 * - `waiting`: no head has come from the app
 * - `headed`: the head is here; it leaves with the first of the body, at the latest at the end of this turn
 * - `flowing`: the head was sent
 * - `ended`: all was given to the connection
 * - `closed`: the last byte was taken, or the client is gone
 */
export type ExchangeState = "waiting" | "headed" | "flowing" | "ended" | "closed";

/** There is one for every request, so it is one object without closures or promises. */
export class Exchange implements ResponseSink, ReplyOwner, Waiting, Occupant {
  #state: ExchangeState = "waiting";
  readonly #site: Site;
  readonly #channel: Channel;
  readonly #request: Incoming;
  readonly #reply: Outgoing;
  /** Bytes of the request's body; -1 where it does not say. */
  readonly #length: number;
  readonly #startedAt: number;
  #expectsContinue = false;
  /** While the job runs. */
  #handle: JobHandle | undefined = undefined;
  #job = "";
  #upload: Upload | undefined = undefined;
  #head: Head | undefined = undefined;
  /** The first body chunk while the head waits. */
  #first: Uint8Array | undefined = undefined;
  #trailed: TrailedBody | undefined = undefined;
  #sent = 0;
  #aborted = false;

  constructor(site: Site, channel: Channel, request: Incoming, length: number, reply: Outgoing) {
    this.#site = site;
    this.#channel = channel;
    this.#request = request;
    this.#reply = reply;
    this.#length = length;
    this.#startedAt = site.accessLog ? performance.now() : 0;
    reply.owner = this;
  }

  /** The request's body has not come to its end. */
  get reading(): boolean {
    return this.#length !== 0 && !this.#request.complete;
  }

  /** @param expectsContinue - the client waits for 100 before it sends the body. */
  begin(expectsContinue: boolean): void {
    this.#expectsContinue = expectsContinue;
    this.#channel.begin(this);
    this.#site.opened(this);
    // A body that came with the head is parsed by then, and goes as one chunk. The parser drains the tick queue between
    // body and end, so a tick would be too early.
    if (this.#length === 0) this.admit();
    else setImmediate(admit, this);
  }

  admit(): void {
    if (this.#state !== "waiting") return;
    const preflight = this.#site.cors?.preflight(this.#request);
    if (preflight !== undefined) return this.#complete(204, undefined, preflight, undefined, this.#site.closing);
    if (this.#site.holds(this)) return;
    const trigger = this.#site.admit(this, this.#request);
    if (typeof trigger !== "function") return this.refuse(trigger);
    if (this.#length > this.#site.bodyLimit) return this.refuse(BODY_TOO_LARGE);
    const http = describe(this.#request, this.#channel, this.#site);
    if (http === undefined) return this.refuse(MALFORMED);
    const { chunk, end } = firstOf(this.#request, this.#length, this.#site.trailers);
    const taken = chunk?.length ?? 0;
    if (taken > this.#site.bodyLimit) return this.refuse(BODY_TOO_LARGE);
    this.#handle = trigger({ chunk, end, metadata: { http } }, this);
    this.#job = this.#handle.id;
    if (!end) this.#stream(this.#handle, taken);
  }

  // --- what the job answers ---

  write(chunk: Uint8Array): boolean {
    if (this.#state === "waiting") {
      this.#takeHead(chunk);
      return true;
    }
    const piece = this.#trailed === undefined ? chunk : this.#trailed.shift(chunk);
    if (piece === undefined) return true;
    if (this.#state === "headed") {
      if (this.#first !== undefined) this.flush();
      else this.#first = piece;
    }
    return this.#state === "flowing" ? this.#send(piece) : true;
  }

  end(): void {
    this.#handle = undefined;
    if (this.#state === "waiting") return this.#misheaded("it ended without one");
    const trailers = this.#trailed?.trailers() ?? [];
    if (typeof trailers === "string") return this.#misheaded(`its trailers: ${trailers}`);
    if (this.#state === "headed") {
      if (this.#trailed === undefined) return this.#endWhole();
      this.flush();
    }
    if (this.#state !== "flowing") return;
    const { length } = this.#head as Head;
    if (length > this.#sent && !this.#bodiless) return this.#cut(`it ended ${length - this.#sent} bytes too early`);
    this.#state = "ended";
    if (this.reading) this.#discard();
    this.#reply.finishPushed(this.#request, this.#bodiless ? [] : trailers);
  }

  fail(error: CocaineError): void {
    const fields = { code: error.code, job: this.#job, url: this.#request.url };
    this.#site.log[error.code === "COC_JOB_FAILED" ? "error" : "debug"](fields, error.message);
    this.#handle = undefined;
    if (this.#state === "waiting" || this.#state === "headed") this.#answer(problemOf(error));
    else if (this.#state === "flowing") this.#cut(error.code);
  }

  drain(): void {
    this.#upload?.drain();
  }

  // --- what the connection and the task tell ---

  /** The client takes more. */
  resume(): void {
    this.#handle?.resume();
  }

  /** Answers with a problem of the request itself; its job is cancelled. */
  refuse(problem: Problem): void {
    if (this.#state === "ended" || this.#state === "closed") return;
    this.#handle?.cancel(problem.message);
    this.#handle = undefined;
    if (this.#state === "flowing") this.#cut(problem.code);
    else this.#answer(problem);
  }

  abort(): void {
    this.refuse(problemOf({ code: "COC_SHUTDOWN" }));
  }

  /** Any → closed. */
  leave(): void {
    if (this.#state === "closed") return;
    this.#aborted ||= this.#state !== "ended";
    this.#state = "closed";
    this.#upload?.discard();
    this.#handle?.cancel("the client went away");
    this.#channel.finish(this);
    this.#site.closed(this, this.#aborted ? 0 : this.#reply.statusCode);
    if (this.#site.accessLog) this.#log();
  }

  /** headed → flowing: the head leaves without waiting for more. */
  flush(): void {
    if (this.#state !== "headed") return;
    const { status, reason, headers } = this.#head as Head;
    this.#state = "flowing";
    if (this.#site.closing) headers.push("Connection", "close");
    this.#reply.head(status, reason, headers, this.#trailed !== undefined && !this.#bodiless);
    const first = this.#first;
    this.#first = undefined;
    if (first === undefined || this.#bodiless) this.#reply.flushHeaders();
    else this.#send(first);
  }

  // --- inside ---

  get #bodiless(): boolean {
    const status = this.#head?.status;
    return this.#request.method === "HEAD" || status === 204 || status === 304;
  }

  get #id(): string {
    return requestIdOf(this.#request) ?? this.#job;
  }

  #stream(handle: JobHandle, taken: number): void {
    this.#upload = new Upload(this.#request, handle, taken, {
      limit: this.#site.bodyLimit,
      timeout: this.#site.bodyTimeout,
      ...(this.#site.trailers && { trailers: () => encodeTrailers(this.#request.rawTrailers) }),
      refuse: (problem) => this.refuse(problem),
    });
    // A job that cannot be taken fails at once; then the body need not be sent at all.
    if (this.#expectsContinue) setImmediate(() => this.#state === "waiting" && this.#continue());
  }

  #continue(): void {
    this.#expectsContinue = false;
    this.#reply.writeContinue();
  }

  /** waiting → headed. */
  #takeHead(chunk: Uint8Array): void {
    const head = parseHead(chunk);
    if (typeof head === "string") return this.#misheaded(head);
    if (!head.requestId) head.headers.push("X-Request-Id", this.#id);
    const { cors } = this.#site;
    this.#head = cors === undefined ? head : { ...head, headers: cors.apply(this.#request, head.headers) };
    if (head.trailers) this.#trailed = new TrailedBody();
    this.#state = "headed";
    process.nextTick(flush, this);
  }

  #misheaded(why: string): void {
    this.#site.log.error({ code: BAD_HEAD.code, job: this.#job }, `The head of a response is not valid: ${why}`);
    this.refuse(BAD_HEAD);
  }

  /** headed → ended: the whole response at once. */
  #endWhole(): void {
    const { status, reason, headers, length } = this.#head as Head;
    const body = this.#bodiless ? undefined : this.#first;
    const size = body?.length ?? 0;
    this.#first = undefined;
    if (!this.#bodiless) {
      if (length < 0) headers.push("Content-Length", String(size));
      else if (length !== size) return this.#misheaded(`Content-Length is ${length}, the body has ${size} bytes`);
    }
    this.#sent = size;
    this.#complete(status, reason, headers, body, this.#site.closing);
  }

  /** waiting, headed → ended. */
  #answer(problem: Problem): void {
    const [headers, body] = tell(problem, this.#request.headers.accept, this.#id);
    this.#sent = body.length;
    const said = this.#site.cors?.apply(this.#request, headers) ?? headers;
    // Who does not speak HTTP may mean something else by what follows.
    this.#complete(problem.status, undefined, said, body, this.#site.closing || problem === MALFORMED);
  }

  #complete(status: number, reason: string | undefined, headers: string[], body: Body, last: boolean): void {
    this.#state = "ended";
    const { reading } = this;
    if (reading || last) headers.push("Connection", "close");
    this.#reply.head(status, reason, headers, false);
    // Who waits for 100 sends nothing when this comes instead.
    if (!reading || this.#expectsContinue) return this.#reply.finish(body);
    this.#reply.finishEarly(this.#request, body);
    this.#discard();
  }

  /** Throws away what still comes of the request. */
  #discard(): void {
    if (this.#upload === undefined) this.#request.resume();
    else this.#upload.discard();
  }

  #send(chunk: Uint8Array): boolean {
    if (this.#bodiless) return true;
    this.#sent += chunk.length;
    const { length } = this.#head as Head;
    if (length >= 0 && this.#sent > length) {
      this.#cut(`it is longer than its Content-Length ${length}`);
      return true;
    }
    return this.#reply.push(chunk);
  }

  /** The response cannot be completed: the client must see that it is not whole. */
  #cut(why: string): void {
    this.#site.log.warn({ url: this.#request.url, job: this.#job }, `A response was cut off: ${why}`);
    this.#reply.cut();
  }

  #log(): void {
    logAccess(this.#site.log, this.#request, {
      status: this.#reply.headersSent ? this.#reply.statusCode : 0,
      bytes: this.#sent,
      startedAt: this.#startedAt,
      requestId: this.#id,
      remote: originOf(this.#request, this.#channel, this.#site).remote.address,
      aborted: this.#aborted,
    });
  }
}

function admit(exchange: Exchange): void {
  exchange.admit();
}

function flush(exchange: Exchange): void {
  exchange.flush();
}
