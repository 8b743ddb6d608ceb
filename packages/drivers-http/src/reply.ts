import { type IncomingMessage, ServerResponse } from "node:http";

/** Milliseconds that a body which nobody wants is still read, so that the client sees its answer and no reset. */
export const LINGER = 1000;

/** Bytes of a body that is cheaper to copy behind its head than to write beside it. */
const JOINED = 16_384;

export type Body = Uint8Array | string | undefined;

/** Who hears of a reply. */
export interface ReplyOwner {
  /** The last byte was taken, or the client is gone. */
  leave(): void;
  /** The client takes more. */
  resume(): void;
}

/** Node's response, with a way back to its owner, so that its events need no closure a request. */
export class Reply extends ServerResponse {
  #owner: ReplyOwner | undefined = undefined;

  /** Set once, before anything is written. */
  set owner(owner: ReplyOwner) {
    this.#owner = owner;
    this.on("close", closed);
  }

  get owner(): ReplyOwner | undefined {
    return this.#owner;
  }

  /** @returns `false`: no more until the owner's `resume()`. */
  push(chunk: Uint8Array): boolean {
    if (this.write(chunk)) return true;
    if (this.listenerCount("drain") === 0) this.on("drain", drained);
    return false;
  }

  /** Ends with this body. Node joins a head with text into one string: cheaper to write than two buffers. */
  finish(body: Body): void {
    if (typeof body !== "object" || body.length > JOINED) this.end(body);
    else this.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1"), "latin1");
  }

  /**
   * Ends with this body, which its head has the length of, while the request still comes: the client has the whole
   * answer, and the connection ends when it has sent all or had time to see it.
   */
  finishEarly(request: IncomingMessage, body: Body): void {
    this.flushHeaders();
    if (body !== undefined) this.write(body);
    const end = () => {
      clearTimeout(timer);
      this.end();
    };
    const timer = setTimeout(end, LINGER).unref();
    request.once("end", end).once("close", end);
  }
}

// Functions of the module, so that a request makes none.

function closed(this: ServerResponse): void {
  (this as Reply).owner?.leave();
}

function drained(this: ServerResponse): void {
  (this as Reply).owner?.resume();
}
