import { Code } from "@cocaine/core/plugin";
import type { AcceptOptions, Job, JobMetadata, JobSocket, LogLevel } from "../job.ts";
import { gather, Incoming, single } from "./incoming.ts";
import { RunningSocket } from "./job-socket.ts";
import type { Link } from "./link.ts";
import type { Method } from "./methods.ts";
import { Outgoing } from "./outgoing.ts";
import { jsonFrame, textFrame, uint32 } from "./protocol.ts";

const EMPTY = Buffer.alloc(0);
const HTTP_MARK = Buffer.from('"http":');
const WEBSOCKET_MARK = Buffer.from('"websocket":');
/** Metadata that is shorter cannot hold what a web driver says: the mark is looked for in few jobs. */
const HTTP_LEAST = 40;

/** A job in this worker. One is made for each, so all that few jobs need is made when it is asked for. */
export class RunningJob implements Job {
  readonly number: number;
  target: Method | undefined;
  readonly method: string;
  readonly #link: Link;
  readonly #described: Buffer;
  /** The request, if it came whole. */
  readonly #whole: Uint8Array | undefined;
  readonly #incoming: Incoming | undefined;
  #metadata: JobMetadata | undefined;
  #outgoing: Outgoing | undefined;
  #controller: AbortController | undefined;
  #cancelled: Error | undefined;
  #onCancel: (() => void) | undefined;
  #socket: RunningSocket | undefined;

  constructor(
    link: Link,
    number: number,
    target: Method | undefined,
    method: string,
    described: Buffer,
    chunk: Uint8Array | undefined,
    whole: boolean,
  ) {
    this.#link = link;
    this.number = number;
    this.target = target;
    this.method = method;
    this.#described = described;
    if (whole) this.#whole = chunk ?? EMPTY;
    else {
      this.#incoming = new Incoming((bytes) => link.send(Code.CREDIT, 0, number, uint32(bytes)));
      this.#incoming.push(chunk, false);
    }
  }

  // --- what app code sees ---

  get id(): string {
    return this.metadata.id;
  }
  get attempt(): number {
    return this.metadata.attempt;
  }
  get deadline(): number | undefined {
    return this.metadata.deadline;
  }
  get metadata(): JobMetadata {
    this.#metadata ??= JSON.parse(this.#described.toString("utf8")) as JobMetadata;
    return this.#metadata;
  }
  get request(): AsyncIterable<Uint8Array> {
    return this.#incoming ?? single(this.#whole ?? EMPTY);
  }
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#cancelled !== undefined) this.#controller.abort(this.#cancelled);
    return this.#controller.signal;
  }
  async bytes(): Promise<Uint8Array> {
    return this.#whole ?? (await gather(this.request));
  }
  accept(options: AcceptOptions = {}): JobSocket {
    if (!this.isSocket) throw new Error(`"${this.method}" was not called for a WebSocket, so there is none to accept`);
    if (this.#socket !== undefined) throw new Error("the WebSocket was accepted before");
    this.#socket = new RunningSocket(this.request, this.response, options);
    return this.#socket;
  }
  log(level: LogLevel, message: string, fields?: Record<string, unknown>): void {
    const frames = [textFrame(level), textFrame(message)];
    if (fields !== undefined) frames.push(jsonFrame(fields));
    this.#link.send(Code.LOG, 0, this.number, ...frames);
  }

  // --- what the worker needs ---

  /** The request, if it came whole. */
  get whole(): Uint8Array | undefined {
    return this.#whole;
  }
  /** A web driver waits for a head. */
  get web(): boolean {
    return (
      this.#described.length > HTTP_LEAST && this.#described.includes(HTTP_MARK) && this.metadata.http !== undefined
    );
  }
  /** A web driver waits for a WebSocket to be accepted or refused: it always comes in pieces. */
  get isSocket(): boolean {
    return (
      this.#whole === undefined && this.#described.includes(WEBSOCKET_MARK) && this.metadata.websocket !== undefined
    );
  }
  get accepted(): boolean {
    return this.#socket !== undefined;
  }
  /** Why nobody waits for it any more. */
  get cancelled(): Error | undefined {
    return this.#cancelled;
  }
  get response(): Outgoing {
    this.#outgoing ??= new Outgoing(this.#link, this.number);
    return this.#outgoing;
  }
  /** A further piece of the request came. */
  receive(chunk: Uint8Array | undefined, end: boolean): void {
    this.#incoming?.push(chunk, end);
  }
  credit(bytes: number): void {
    this.response.credit(bytes);
  }
  /** Sets what is done first when nobody waits for the job any more. */
  onCancel(action: () => void): void {
    this.#onCancel = action;
  }
  cancel(reason: string): void {
    if (this.#cancelled !== undefined) return;
    const error = new Error(reason === "" ? "the job was cancelled" : reason);
    error.name = "cancelled";
    this.#cancelled = error;
    this.#controller?.abort(error);
    this.#incoming?.fail(error);
    this.response.close();
    this.#onCancel?.();
  }
}
