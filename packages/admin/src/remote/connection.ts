import type { Peer } from "@cocaine/zmtp";
import type { Session } from "../session/session.ts";

/** Requests of one client that wait to be read, before nothing more is taken from it. */
const WAITING = 16;
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

/** A client's connection: its messages are read one after the other, in the order they came. */
export class Connection {
  readonly peer: Peer;
  /** Address without the port; for the budget. */
  readonly address: string;
  readonly sessions = new Map<string, Running>();
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(peer: Peer) {
    this.peer = peer;
    this.address = peer.remote.replace(/:\d+$/, "");
  }

  /** Does it after what came before; `work` does not reject. */
  next(work: () => Promise<void>): void {
    if (++this.#waiting === WAITING) this.peer.pause();
    this.#tail = this.#tail.then(work).then(() => {
      if (--this.#waiting === WAITING / 2) this.peer.resume();
    });
  }

  end(): void {
    for (const session of this.sessions.values()) session.cancel();
  }
}
