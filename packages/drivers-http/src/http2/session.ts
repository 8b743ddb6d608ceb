import type { ServerHttp2Session } from "node:http2";
import { type Channel, type Occupant, type Peer, peerOf } from "../channel.ts";
import type { SharedLimits } from "../options.ts";

/** One client's connection of HTTP/2. It is `open`; `last` when it takes no more requests; `gone` when it is closed. */
export class Session implements Channel {
  readonly remote: Peer;
  readonly local: Peer;
  readonly tls: boolean;
  readonly #session: ServerHttp2Session;
  readonly #exchanges = new Set<Occupant>();
  #state: "open" | "last" | "gone" = "open";

  constructor(session: ServerHttp2Session, limits: SharedLimits) {
    const { remoteAddress, remotePort, localAddress, localPort } = session.socket;
    this.remote = peerOf(remoteAddress, remotePort);
    this.local = peerOf(localAddress, localPort);
    this.tls = session.encrypted === true;
    this.#session = session;
    session.setTimeout(limits["idle-timeout"] * 1000, () => this.#still());
    // It is told of by the close that follows.
    session.on("error", () => undefined);
  }

  get busy(): boolean {
    return this.#exchanges.size > 0;
  }

  begin(exchange: Occupant): void {
    this.#exchanges.add(exchange);
  }

  finish(exchange: Occupant): void {
    this.#exchanges.delete(exchange);
  }

  /** open → last: the client is told to send no more; it ends with the last answer. */
  last(): void {
    if (this.#state !== "open") return;
    this.#state = "last";
    this.#session.close();
  }

  /** Any → gone. */
  leave(): void {
    this.#state = "gone";
    for (const exchange of [...this.#exchanges]) exchange.leave();
  }

  /** Nothing moves: who waits for an answer is waited for. */
  #still(): void {
    if (!this.busy) this.last();
  }

  destroy(): void {
    this.#session.destroy();
  }
}
