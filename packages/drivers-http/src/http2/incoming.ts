import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Incoming } from "../incoming.ts";

/** A request of HTTP/2 (RFC 9113, 8.3.1), told as one of HTTP/1 is. */
export class Http2Incoming implements Incoming {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly httpVersion = "2.0";
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  rawTrailers: readonly string[] = [];
  /** Bytes of the body; -1 where it does not say. */
  readonly length: number;
  readonly #stream: ServerHttp2Stream;
  #received = 0;
  #complete: boolean;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) {
    this.method = headers[":method"];
    this.url = headers[":path"];
    this.headers = { ...headers, host: headers.host ?? headers[":authority"] };
    this.rawHeaders = plain(raw);
    this.#stream = stream;
    this.#complete = stream.endAfterHeaders;
    this.length = stream.endAfterHeaders ? 0 : Number(headers["content-length"] ?? -1);
    if (stream.endAfterHeaders) stream.resume();
    else {
      stream.once("end", () => (this.#complete = true));
      stream.once("trailers", (...event: unknown[]) => (this.rawTrailers = event[2] as readonly string[]));
    }
  }

  /** Its target can be understood: a path, and no two hosts. */
  get sane(): boolean {
    const { host } = this.headers;
    const authority = this.headers[":authority"];
    if (authority !== undefined && host?.toLowerCase() !== authority.toLowerCase()) return false;
    return this.url?.startsWith("/") === true && host !== undefined;
  }

  get complete(): boolean {
    return this.#complete;
  }

  read(): Buffer | null {
    const chunk: Buffer | null = this.#stream.read();
    this.#received += chunk?.length ?? 0;
    if (this.#received === this.length) {
      // More would be an error of the protocol; the end is near.
      this.#complete = true;
      this.#stream.resume();
    }
    return chunk;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  on(event: "data" | "end", listener: (chunk: Buffer) => void): this {
    this.#stream.on(event, listener);
    return this;
  }

  once(event: "end" | "close", listener: () => void): this {
    this.#stream.once(event, listener);
    return this;
  }
}

/** Without the pseudo-header fields, but with the Host that they stand for. */
function plain(raw: readonly string[]): string[] {
  const headers: string[] = [];
  let authority: string | undefined;
  let named = false;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (name === ":authority") authority = value;
    if (name.startsWith(":")) continue;
    named ||= name === "host";
    headers.push(name, value);
  }
  return named || authority === undefined ? headers : ["host", authority, ...headers];
}
