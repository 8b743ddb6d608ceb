import type { Frame } from "@cocaine/zmtp";

/** One peer of a socket: a client of a ROUTER, or whoever is at the other end of any other. */
export interface Link {
  /** Its address or identity, for people. */
  readonly remote: string;
  /** The routing id of a ROUTER's client; empty otherwise. */
  readonly routingId: Uint8Array;
  /** Whatever the owner keeps with it. */
  data: unknown;
  /** @returns `false` above `hwm`: the message is queued, `drained` tells when it is below again; or it is gone. */
  send(frames: readonly Frame[]): boolean;
  /** No message of it comes until `resume()`. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** What a socket tells. A link is connected before, and not disconnected before, anything else is told of it. */
export interface WireEvents {
  connected(link: Link): void;
  disconnected(link: Link, error?: Error): void;
  drained(link: Link): void;
  message(link: Link, frames: Uint8Array[]): void;
  /** Somebody was turned away, or a message was. */
  refused(remote: string, error: Error): void;
  /** Whether the owner has nothing to do for it now, so that it may be forgotten until its next message. */
  idle(link: Link): boolean;
  /** The socket is of no use any more. */
  failed(error: Error): void;
}

/** A socket, of whichever implementation. */
export interface Wire {
  /** Binds and connects. @throws `COC_ZMQ_ADDRESS_IN_USE`, `COC_ZMQ_ENDPOINT`, `COC_ZMQ_KEY`; nothing stays open */
  open(): Promise<void>;
  /** No message comes until `resume()`. */
  pause(): void;
  resume(): void;
  /** Takes no more than it has to: gives addresses back where that is possible before `close()`. */
  release(): Promise<void>;
  close(): Promise<void>;
  info(): Record<string, unknown>;
}
