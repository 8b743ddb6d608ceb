import type { Incoming } from "./incoming.ts";

/** Milliseconds that a body which nobody wants is still read, so that the client sees its answer and no reset. */
export const LINGER = 1000;

export type Body = Uint8Array | string | undefined;

/** Who hears of a reply. */
export interface ReplyOwner {
  /** The last byte was taken, or the client is gone. */
  leave(): void;
  /** The client takes more. */
  resume(): void;
}

/** The way back to the client of one request. */
export interface Outgoing {
  /** Set once, before anything is written. */
  owner: ReplyOwner | undefined;
  readonly headersSent: boolean;
  readonly statusCode: number;
  writeContinue(): void;
  /**
   * It leaves with what follows.
   *
   * @param headers - names and values in turn
   * @param trailed - trailers may come behind the body
   */
  head(status: number, reason: string | undefined, headers: string[], trailed: boolean): void;
  /** The head leaves without waiting for more. */
  flushHeaders(): void;
  /** @returns `false`: no more until the owner's `resume()`. */
  push(chunk: Uint8Array): boolean;
  /** Ends with this body, which is all of it. */
  finish(body: Body): void;
  /** Ends with this body while the request still comes: the client has the whole answer. */
  finishEarly(request: Incoming, body: Body): void;
  /** Ends what was pushed. @param trailers names and values in turn */
  finishPushed(request: Incoming, trailers: readonly string[]): void;
  /** Ends so that the client sees that it has not all. */
  cut(): void;
}
