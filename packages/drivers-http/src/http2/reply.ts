import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Body, Outgoing, ReplyOwner } from "../outgoing.ts";

/** What an exchange writes to a stream of HTTP/2. */
export class Http2Reply implements Outgoing {
  readonly #stream: ServerHttp2Stream;
  #owner: ReplyOwner | undefined = undefined;
  #head: OutgoingHttpHeaders | undefined = undefined;
  #status = 0;
  #trailed = false;
  #trailers: readonly string[] = [];

  /** @param patience - milliseconds that the client may take nothing of what waits for it. */
  constructor(stream: ServerHttp2Stream, patience: number) {
    this.#stream = stream;
    stream.setTimeout(patience, () => stream.writableLength > 0 && this.cut());
    stream.on("drain", () => this.#owner?.resume());
    stream.once("close", () => this.#owner?.leave());
  }

  set owner(owner: ReplyOwner | undefined) {
    this.#owner = owner;
  }

  get owner(): ReplyOwner | undefined {
    return this.#owner;
  }

  get headersSent(): boolean {
    return this.#stream.headersSent;
  }

  get statusCode(): number {
    return this.#status;
  }

  writeContinue(): void {
    if (this.#writable) this.#stream.additionalHeaders({ ":status": 100 });
  }

  /** There is no reason in HTTP/2. */
  head(status: number, _reason: string | undefined, headers: readonly string[], trailed: boolean): void {
    this.#status = status;
    this.#trailed = trailed;
    if (trailed) this.#stream.once("wantTrailers", () => this.#stream.sendTrailers(fields(this.#trailers)));
    this.#head = { ":status": status, ...fields(headers) };
  }

  flushHeaders(): void {
    this.#respond(false);
  }

  push(chunk: Uint8Array): boolean {
    this.#respond(false);
    return !this.#writable || this.#stream.write(chunk);
  }

  finish(body: Body): void {
    const empty = body === undefined || body.length === 0;
    this.#respond(empty);
    if (!empty && this.#writable) this.#stream.end(body);
  }

  finishEarly(_request: unknown, body: Body): void {
    this.finish(body);
    this.#refuseRest();
  }

  finishPushed(request: { readonly complete: boolean }, trailers: readonly string[]): void {
    this.#trailers = trailers;
    if (this.#writable) this.#stream.end();
    if (!request.complete) this.#refuseRest();
  }

  cut(): void {
    // close() would end the body first, as if that were all.
    this.#stream.destroy(new Error("the answer is cut off"));
  }

  get #writable(): boolean {
    return !this.#stream.closed && !this.#stream.destroyed;
  }

  #respond(endStream: boolean): void {
    const head = this.#head;
    if (head === undefined || !this.#writable) return;
    const options = { endStream, waitForTrailers: this.#trailed };
    this.#head = undefined;
    try {
      this.#stream.respond(head, options);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ERR_HTTP2_HEADER_SINGLE_VALUE")) throw error;
      this.#stream.respond(firstOfEach(head), options);
    }
  }

  /** RFC 9113, 8.1: the client may stop to send what nobody wants; its answer counts all the same. */
  #refuseRest(): void {
    const refuse = () => this.#stream.close(constants.NGHTTP2_NO_ERROR);
    if (this.#stream.writableFinished) refuse();
    else this.#stream.once("finish", refuse);
  }
}

/** Header fields by their names; `Connection` belongs to HTTP/1. */
function fields(headers: readonly string[]): OutgoingHttpHeaders {
  const found: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] as string).toLowerCase();
    if (name === "connection") continue;
    found[name] ??= [];
    found[name].push(headers[at + 1] as string);
  }
  return found;
}

/** HTTP/2 in Node takes some headers once only. */
function firstOfEach(head: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(head).map(([name, value]) => [
      name,
      Array.isArray(value) && name !== "set-cookie" ? value[0] : value,
    ]),
  );
}
