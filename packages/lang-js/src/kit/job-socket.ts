import type { AcceptOptions, JobSocket, SocketClose } from "../job.ts";
import type { Outgoing } from "./outgoing.ts";

// Messages in the streams of a job (docs/worker-protocol.md, WebSocket): a kind, a length, the payload.

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const HEADER = 5;

/** The WebSocket of a job: its records, as messages. */
export class RunningSocket implements JobSocket {
  readonly protocol: string | undefined;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #response: Outgoing;
  /** Bytes that came and are no whole record. */
  #rest: Uint8Array[] = [];
  #held = 0;
  #closed: SocketClose | undefined;
  /** One message after the other, however long it waits. */
  #sent: Promise<void> | undefined;

  constructor(request: AsyncIterable<Uint8Array>, response: Outgoing, { protocol, headers = [] }: AcceptOptions) {
    this.protocol = protocol;
    this.#chunks = request[Symbol.asyncIterator]();
    this.#response = response;
    const pairs = "entries" in headers && !Array.isArray(headers) ? [...headers.entries()] : headers;
    response.write(Buffer.from(JSON.stringify({ status: 101, headers: pairs, protocol })));
  }

  get closed(): SocketClose | undefined {
    return this.#closed;
  }

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array> {
    return { next: () => this.#next() };
  }

  async send(message: string | Uint8Array): Promise<void> {
    await this.#write(typeof message === "string" ? TEXT : BINARY, Buffer.from(message as string));
  }

  async close(code = 1000, reason = ""): Promise<void> {
    const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
    if (!Number.isInteger(code) || code < 1000 || code > 4999 || payload.length > 125) {
      throw new RangeError(`a WebSocket is closed with a code from 1000 to 4999 and up to 123 bytes, not ${code}`);
    }
    await this.#write(CLOSE, payload);
  }

  async #next(): Promise<IteratorResult<string | Uint8Array>> {
    while (this.#closed === undefined) {
      const header = await this.#take(HEADER);
      const payload = header && (await this.#take(header.readUInt32BE(1)));
      if (header === undefined || payload === undefined) this.#closed = { code: 1006, reason: "" };
      else if (header[0] === TEXT) return { done: false, value: payload.toString("utf8") };
      else if (header[0] === BINARY) return { done: false, value: payload };
      else this.#closed = closeOf(payload);
    }
    return { done: true, value: undefined };
  }

  /** So many bytes, once they are there; `undefined` at the end of the request. */
  async #take(size: number): Promise<Buffer | undefined> {
    while (this.#held < size) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest.push(next.value);
      this.#held += next.value.length;
    }
    const all = Buffer.concat(this.#rest);
    this.#rest = [all.subarray(size)];
    this.#held -= size;
    return all.subarray(0, size);
  }

  #write(kind: number, payload: Uint8Array): Promise<void> {
    const write = async () => {
      const header = Buffer.alloc(HEADER);
      header[0] = kind;
      header.writeUInt32BE(payload.length, 1);
      await this.#response.write(Buffer.concat([header, payload]));
    };
    this.#sent = this.#sent === undefined ? write() : this.#sent.then(write);
    return this.#sent;
  }
}

function closeOf(payload: Buffer): SocketClose {
  if (payload.length < 2) return { code: 1005, reason: "" };
  return { code: payload.readUInt16BE(), reason: payload.toString("utf8", 2) };
}
