import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { CocaineError, JobHandle, ResponseSink } from "@cocaine/core/plugin";
import type { RawData, WebSocket } from "ws";
import { logAccess } from "../access.ts";
import { BAD_HEAD, bodyOf, type Problem, problemOf, rawAnswer } from "../answer.ts";
import type { Channel, Occupant } from "../channel.ts";
import type { WebSocketOptions } from "../options.ts";
import { describe, originOf, requestIdOf } from "../request.ts";
import type { Site, Waiting } from "../site.ts";
import { type Acceptance, accept, type Handshake, parseAcceptance } from "./acceptance.ts";
import { problemOfHandshake, protocolsOf } from "./handshake.ts";
import { Liveness } from "./liveness.ts";
import { type Close, closeRecord, Kind, RecordReader, recordOf } from "./records.ts";
import { Refusal } from "./refusal.ts";

/** Bytes that wait for a client before its job has to. */
const HIGH = 262_144;
/** Milliseconds that a job has after its client left, before it is cancelled. */
const FAREWELL = 10_000;
/** Milliseconds that a client has to answer a close. */
const GOODBYE = 1000;

// RFC 6455, 7.4.1.
const NORMAL = 1000;
const GOING_AWAY = 1001;
const ABNORMAL = 1006;
const INTERNAL = 1011;

/**
 * - `waiting`: no head has come from the app
 * - `refused`: the head said so; its body comes
 * - `open`: messages go both ways
 * - `closed`: the socket is closed, or closes; the job may still run
 * - `over`: that has ended, too
 */
type State = "waiting" | "refused" | "open" | "closed" | "over";

/** One WebSocket and its job. */
export class WebSocketExchange implements ResponseSink, Waiting, Occupant {
  readonly reading = false;
  readonly #site: Site;
  readonly #options: WebSocketOptions;
  readonly #channel: Channel;
  readonly #handshake: Handshake;
  readonly #request: IncomingMessage;
  readonly #socket: Socket;
  readonly #startedAt = performance.now();
  readonly #records = new RecordReader({
    onPiece: (kind, piece, last) => this.#send(kind, piece, last),
    onClose: (close) => this.#close(close),
  });
  #state: State = "waiting";
  #handle: JobHandle | undefined;
  #job = "";
  #webSocket: WebSocket | undefined;
  #refusal: Refusal | undefined;
  #status = 0;
  #sent = 0;
  #held = false;
  #ends = NORMAL;
  #liveness: Liveness | undefined;
  #farewell: NodeJS.Timeout | undefined;

  constructor(site: Site, options: WebSocketOptions, channel: Channel, handshake: Handshake) {
    this.#site = site;
    this.#options = options;
    this.#channel = channel;
    this.#handshake = handshake;
    this.#request = handshake.request;
    this.#socket = handshake.socket;
  }

  begin(): void {
    this.#channel.begin(this);
    this.#site.opened(this);
    this.#socket.setTimeout(0);
    this.#socket.on("error", () => undefined);
    const problem = problemOfHandshake(this.#request, this.#options);
    if (problem === undefined) this.admit();
    else this.refuse(problem);
  }

  admit(): void {
    if (this.#state !== "waiting" || this.#handle !== undefined || this.#site.holds(this)) return;
    const trigger = this.#site.admit(this, this.#request);
    if (typeof trigger !== "function") return this.refuse(trigger);
    const http = describe(this.#request, this.#channel, this.#site);
    const websocket = { ...http, protocols: protocolsOf(this.#request) };
    this.#handle = trigger({ end: false, metadata: { websocket } }, this);
    this.#job = this.#handle.id;
  }

  // --- what the job answers ---

  write(chunk: Uint8Array): boolean {
    if (this.#state === "waiting") this.#takeHead(chunk);
    else if (this.#state === "refused") this.#refusal?.take(chunk);
    else if (this.#state === "open") {
      try {
        this.#records.read(chunk);
      } catch (error) {
        this.#failed(`A job's answer is no WebSocket's: ${String(error)}`);
      }
    }
    this.#held = this.#state === "open" && (this.#webSocket as WebSocket).bufferedAmount >= HIGH;
    return !this.#held;
  }

  end(): void {
    this.#handle = undefined;
    if (this.#state === "waiting") this.#misheaded("it ended without one");
    else if (this.#state === "refused") this.#refuse();
    else if (this.#state === "open") this.#webSocket?.close(this.#ends);
    else this.#finish();
  }

  fail(error: CocaineError): void {
    const fields = { code: error.code, job: this.#job, url: this.#request.url };
    this.#site.log[error.code === "COC_JOB_FAILED" ? "error" : "debug"](fields, error.message);
    this.#handle = undefined;
    if (this.#state === "waiting" || this.#state === "refused") this.refuse(problemOf(error));
    else if (this.#state === "open") this.#webSocket?.close(INTERNAL, error.code);
    else this.#finish();
  }

  /** The job takes more. */
  drain(): void {
    this.#webSocket?.resume();
  }

  // --- what the connection and the task tell ---

  /** Answers the handshake with a problem. */
  refuse(problem: Problem): void {
    if (this.#state !== "waiting" && this.#state !== "refused") return;
    const [type, body] = bodyOf(problem, this.#request.headers.accept);
    const headers = ["Content-Type", type, "Sec-WebSocket-Version", "13"];
    if (problem.retryAfter !== undefined) headers.push("Retry-After", String(problem.retryAfter));
    this.#cancel(problem.message);
    this.#answer(problem.status, headers, Buffer.from(body));
  }

  /** The task takes no more: the job hears of it, and may say goodbye. */
  lastCall(): void {
    if (this.#state !== "open") return;
    this.#ends = GOING_AWAY;
    this.#handle?.write(closeRecord(GOING_AWAY, "the service is going away"));
    this.#handle?.end();
  }

  abort(): void {
    if (this.#state === "waiting" || this.#state === "refused") return this.refuse(problemOf({ code: "COC_SHUTDOWN" }));
    this.#cancel("the service is shutting down");
    if (this.#state === "open") {
      this.#webSocket?.close(GOING_AWAY);
      this.#terminateSoon();
    } else this.#finish();
  }

  /** The socket is closed. */
  leave(): void {
    if (this.#state === "waiting" || this.#state === "refused") this.#cancel("the client went away");
    // An open one hears of it by its WebSocket, with the code.
    if (this.#state !== "open") this.#finish();
  }

  // --- the handshake ---

  #takeHead(chunk: Uint8Array): void {
    const accepted = parseAcceptance(chunk, this.#request);
    if (typeof accepted === "string") return this.#misheaded(accepted);
    const { status, headers } = accepted.head;
    if (status === 101) return this.#accept(accepted);
    this.#state = "refused";
    this.#refusal = new Refusal(status, headers);
  }

  #accept(accepted: Acceptance): void {
    this.#status = 101;
    this.#state = "open";
    accept(this.#handshake, accepted, this.#options["max-message"], (webSocket) => this.#opened(webSocket));
  }

  #opened(webSocket: WebSocket): void {
    this.#webSocket = webSocket;
    this.#liveness = new Liveness(webSocket, this.#options.ping);
    webSocket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on("error", (error) => this.#site.log.debug({ job: this.#job }, error.message));
    webSocket.on("close", (code, reason) => this.#left(code, reason));
  }

  #refuse(): void {
    const { status, headers, body } = this.#refusal as Refusal;
    this.#answer(status, headers, body);
  }

  #misheaded(why: string): void {
    this.#site.log.error({ code: BAD_HEAD.code, job: this.#job }, `The head of a response is not valid: ${why}`);
    this.refuse(BAD_HEAD);
  }

  /** waiting, refused → closed. */
  #answer(status: number, headers: readonly string[], body: Buffer): void {
    this.#state = "closed";
    this.#status = status;
    const id = requestIdOf(this.#request) ?? this.#job;
    if (this.#socket.writable)
      this.#socket.end(rawAnswer(status, [...headers, ...(id === "" ? [] : ["X-Request-Id", id])], body));
    this.#terminateSoon();
  }

  // --- messages ---

  #receive(data: RawData, isBinary: boolean): void {
    this.#liveness?.sign();
    const handle = this.#handle;
    if (handle === undefined) return;
    let room = true;
    for (const chunk of recordOf(isBinary ? Kind.BINARY : Kind.TEXT, data as Buffer)) room = handle.write(chunk);
    if (!room) this.#webSocket?.pause();
  }

  #send(kind: Kind, piece: Uint8Array, last: boolean): void {
    this.#sent += piece.length;
    this.#webSocket?.send(piece, { binary: kind === Kind.BINARY, fin: last }, this.#written);
  }

  readonly #written = (): void => {
    if (!this.#held || (this.#webSocket?.bufferedAmount ?? 0) >= HIGH / 2) return;
    this.#held = false;
    this.#handle?.resume();
  };

  #close({ code, reason }: Close): void {
    try {
      this.#webSocket?.close(code ?? NORMAL, reason);
    } catch (error) {
      this.#failed(`A job closes its WebSocket with ${code}: ${String(error)}`);
    }
  }

  #failed(why: string): void {
    this.#site.log.error({ job: this.#job, url: this.#request.url }, why);
    this.#webSocket?.close(INTERNAL);
  }

  // --- the end ---

  /** open → closed: the job hears why, and has some time. */
  #left(code: number, reason: Buffer): void {
    this.#state = "closed";
    this.#liveness?.end();
    this.#handle?.write(closeRecord(code === 0 ? ABNORMAL : code, reason));
    this.#handle?.end();
    // What waits for room in the client's buffer would wait for ever.
    this.#handle?.resume();
    if (this.#handle === undefined) return this.#finish();
    this.#farewell = setTimeout(() => {
      this.#cancel("the client went away");
      this.#finish();
    }, FAREWELL).unref();
  }

  #cancel(reason: string): void {
    this.#handle?.cancel(reason);
    this.#handle = undefined;
  }

  #terminateSoon(): void {
    setTimeout(() => this.#socket.destroy(), GOODBYE).unref();
  }

  /** closed → over, once the socket and the job have both ended. */
  #finish(): void {
    if (this.#state === "over" || this.#handle !== undefined || !this.#socket.destroyed) return;
    this.#state = "over";
    clearTimeout(this.#farewell);
    this.#channel.finish(this);
    this.#site.closed(this, this.#status);
    if (this.#site.accessLog) this.#log();
  }

  #log(): void {
    logAccess(this.#site.log, this.#request, {
      status: this.#status,
      bytes: this.#sent,
      startedAt: this.#startedAt,
      requestId: requestIdOf(this.#request) ?? this.#job,
      remote: originOf(this.#request, this.#channel, this.#site).remote.address,
      aborted: this.#status === 0,
    });
  }
}
