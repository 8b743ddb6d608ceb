import type { Peer } from "@cocaine/zmtp";
import type { Session } from "../session/session.ts";

/** Requests of one client that wait to be read, before nothing more is taken from it. */
const WAITING = 16;
/** Bytes of them: one that is long waits alone. */
const WAITING_BYTES = 256 * 1024;
/** Requests of one client that run at once. */
export const SESSIONS = 64;

/** A request that runs. */
export interface Running extends Session {
  readonly fingerprint: string;
  readonly action: string;
  /** Number of the follow-up that came last. */
  seq: number;
  /** Tells the client that it is refused from now on. */
  refuse(): void;
}

/**
 * A client's connection: its messages are read one after the other, in the order they came. Nothing more is taken from a
 * client while much of it waits to be read, or much for it to be sent.
 */
export class Connection {
  readonly peer: Peer;
  /** Address without the port; for the budget. */
  readonly address: string;
  readonly sessions = new Map<string, Running>();
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #bytes = 0;
  #paused = false;
  #ended = false;
  /** While the client does not take what it is sent. */
  #clogged: Promise<void> | undefined;
  #unclog: () => void = () => undefined;

  constructor(peer: Peer) {
    this.peer = peer;
    this.address = peer.remote.replace(/:\d+$/, "");
  }

  /** The client has left, or is not listened to any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Does it after what came before, unless the client has left until then; `work` does not reject. */
  next(bytes: number, work: () => Promise<void>): void {
    this.#count(1, bytes);
    this.#tail = this.#tail.then(() => (this.#ended ? undefined : work())).then(() => this.#count(-1, -bytes));
  }

  /** @returns when there is room for more, where there is none. */
  send(id: string, token: string): Promise<void> | undefined {
    if (this.#ended || this.peer.send([id, token])) return undefined;
    this.#clogged ??= new Promise((resolve) => {
      this.#unclog = resolve;
    });
    this.#regulate();
    return this.#clogged;
  }

  /** The client has taken what it was sent. */
  drained(): void {
    this.#unclog();
    this.#clogged = undefined;
    this.#regulate();
  }

  end(): void {
    this.#ended = true;
    this.drained();
    for (const session of this.sessions.values()) session.cancel();
  }

  #count(messages: number, bytes: number): void {
    this.#waiting += messages;
    this.#bytes += bytes;
    this.#regulate();
  }

  #regulate(): void {
    const clogged = this.#clogged !== undefined;
    if (this.#paused) {
      if (clogged || this.#waiting > WAITING / 2 || this.#bytes > WAITING_BYTES / 2) return;
      this.#paused = false;
      this.peer.resume();
    } else if (clogged || this.#waiting >= WAITING || this.#bytes >= WAITING_BYTES) {
      this.#paused = true;
      this.peer.pause();
    }
  }
}
