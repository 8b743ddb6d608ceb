import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { bodyOf, type Problem, rawAnswer } from "./answer.ts";
import { type Channel, type Occupant, type Peer, peerOf } from "./channel.ts";

/** Requests of one connection whose answers are not complete. */
const PIPELINE = 128;

/**
 * One client's connection of HTTP/1. It is `open`; `last` when nothing more is read from it and it ends with its last answer;
 * `gone` when the socket is closed.
 */
export class Connection implements Channel {
  readonly remote: Peer;
  readonly local: Peer;
  readonly tls: boolean;
  readonly #socket: Socket;
  readonly #exchanges = new Set<Occupant>();
  #state: "open" | "last" | "gone" = "open";
  #problem: Problem | undefined;
  #distrusted = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remote = peerOf(socket.remoteAddress, socket.remotePort);
    this.local = peerOf(socket.localAddress, socket.localPort);
    this.tls = socket instanceof TLSSocket;
  }

  /** It has requests without a complete answer. */
  get busy(): boolean {
    return this.#exchanges.size > 0;
  }

  /** As many requests as may wait for their answers: a client that sends on and on gets no more of the app's queue. */
  get crowded(): boolean {
    return this.#exchanges.size >= PIPELINE;
  }

  /** What follows may be another message than its sender meant. */
  get distrusted(): boolean {
    return this.#distrusted;
  }

  /** A request came that can be understood in two ways: no further ones are taken. */
  distrust(): void {
    this.#distrusted = true;
  }

  /** Bytes wait for the client. */
  get behind(): boolean {
    return this.#socket.writableLength > 0;
  }

  begin(exchange: Occupant): void {
    this.#exchanges.add(exchange);
  }

  finish(exchange: Occupant): void {
    this.#exchanges.delete(exchange);
    if (this.#state === "last" && !this.busy) this.#end();
  }

  /** open → last: what the client sent cannot be read on. */
  refuse(problem: Problem): void {
    if (this.#state !== "open") return;
    for (const exchange of this.#exchanges) {
      // Its own body is broken: the answer is its own, and the last.
      if (exchange.reading) {
        this.#state = "last";
        return exchange.refuse(problem);
      }
    }
    this.#problem = problem;
    this.last();
  }

  /** open → last: ends when what runs has its answer. */
  last(): void {
    if (this.#state !== "open") return;
    this.#state = "last";
    if (!this.busy) this.#end();
  }

  /** Any → gone. */
  leave(): void {
    this.#state = "gone";
    for (const exchange of [...this.#exchanges]) exchange.leave();
  }

  #end(): void {
    const problem = this.#problem;
    if (problem !== undefined && this.#socket.writable) {
      const [type, body] = bodyOf(problem, undefined);
      this.#socket.write(rawAnswer(problem.status, ["Content-Type", type], Buffer.from(body)));
    }
    this.#socket.destroySoon();
  }
}
