import type { Exchange } from "./exchange.ts";

/** One end of a connection. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** A client's connection, as its exchanges see it. */
export interface Channel {
  readonly remote: Peer;
  readonly local: Peer;
  readonly tls: boolean;
  begin(exchange: Exchange): void;
  finish(exchange: Exchange): void;
}

export function peerOf(address = "", port = 0): Peer {
  // An IPv4 client of a socket that serves both.
  return { address: address.startsWith("::ffff:") ? address.slice(7) : address, port };
}
