import { ServerResponse } from "node:http";
import type { Incoming } from "./incoming.ts";
import { type Body, LINGER, type Outgoing, type ReplyOwner } from "./outgoing.ts";

/** Bytes of a body that is cheaper to copy behind its head than to write beside it. */
const JOINED = 16_384;

/** Node's response of HTTP/1, with a way back to its owner, so that its events need no closure a request. */
export class Reply extends ServerResponse implements Outgoing {
  #owner: ReplyOwner | undefined = undefined;

  set owner(owner: ReplyOwner | undefined) {
    this.#owner = owner;
    this.on("close", closed);
  }

  get owner(): ReplyOwner | undefined {
    return this.#owner;
  }

  head(status: number, reason: string | undefined, headers: string[]): void {
    if (reason === undefined) this.writeHead(status, headers);
    else this.writeHead(status, reason, headers);
  }

  push(chunk: Uint8Array): boolean {
    if (this.write(chunk)) return true;
    if (this.listenerCount("drain") === 0) this.on("drain", drained);
    return false;
  }

  /** Node joins a head with text into one string: cheaper to write than two buffers. */
  finish(body: Body): void {
    if (typeof body !== "object" || body.length > JOINED) this.end(body);
    else this.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1"), "latin1");
  }

  /** The connection ends when the client has sent all or had time to see the answer, which its head has the length of. */
  finishEarly(request: Incoming, body: Body): void {
    this.flushHeaders();
    if (body !== undefined) this.write(body);
    const end = () => {
      clearTimeout(timer);
      this.end();
    };
    const timer = setTimeout(end, LINGER).unref();
    request.once("end", end).once("close", end);
  }

  finishPushed(request: Incoming, trailers: readonly string[]): void {
    if (trailers.length > 0) this.addTrailers(pairsOf(trailers));
    this.end();
    // The connection may be kept, if the client is through with its body soon.
    if (!request.complete) setTimeout(() => request.complete || this.cut(), LINGER).unref();
  }

  cut(): void {
    this.req.socket.destroy();
  }
}

function pairsOf(fields: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) pairs.push([fields[at] as string, fields[at + 1] as string]);
  return pairs;
}

// Functions of the module, so that a request makes none.

function closed(this: ServerResponse): void {
  (this as Reply).owner?.leave();
}

function drained(this: ServerResponse): void {
  (this as Reply).owner?.resume();
}
