import type { Problem } from "./answer.ts";

/** One end of a connection. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** A request that is not over, as its connection sees it. */
export interface Occupant {
  /** Its body has not come to its end. */
  readonly reading: boolean;
  /** What the client sent cannot be read on. */
  refuse(problem: Problem): void;
  /** The connection is gone. */
  leave(): void;
}

/** A client's connection, as its exchanges see it. */
export interface Channel {
  readonly remote: Peer;
  readonly local: Peer;
  readonly tls: boolean;
  begin(exchange: Occupant): void;
  finish(exchange: Occupant): void;
}

export function peerOf(address = "", port = 0): Peer {
  // An IPv4 client of a socket that serves both.
  return { address: address.startsWith("::ffff:") ? address.slice(7) : address, port };
}
