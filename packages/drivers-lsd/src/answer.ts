import type { CocaineError } from "@cocaine/core/plugin";
import type { ZmqPeer, ZmqResponse } from "@cocaine/drivers-zmq";
import type { Envelope } from "./envelope.ts";
import { failureFrame, headOf, lsdCodeOf } from "./failure.ts";

/** The answer to one pair: one small object without closures, since there is one for every job. */
export class Answer implements ZmqResponse {
  readonly #peer: ZmqPeer;
  /** The frames up to the delimiter, with it. */
  readonly #route: readonly Uint8Array[];
  /** What all answers begin with, up to where one goes on or ends. */
  readonly #head: string;
  /** Milliseconds since the epoch; `Infinity` without one. */
  readonly #deadline: number;
  /** By when the job must have ended for its timeout. */
  readonly #timeout: number;

  constructor(peer: ZmqPeer, route: readonly Uint8Array[], envelope: Envelope) {
    this.#peer = peer;
    this.#route = route;
    this.#head = headOf(envelope.uuid);
    this.#deadline = envelope.deadline > 0 ? envelope.deadline * 1000 : Number.POSITIVE_INFINITY;
    this.#timeout = envelope.timeout > 0 ? Date.now() + envelope.timeout * 1000 : Number.POSITIVE_INFINITY;
  }

  /** Milliseconds since the epoch by which the job must have ended; `undefined` without one. */
  get deadline(): number | undefined {
    const deadline = Math.min(this.#deadline, this.#timeout);
    return deadline === Number.POSITIVE_INFINITY ? undefined : deadline;
  }

  write(chunk: Uint8Array): void {
    this.#peer.send([...this.#route, `${this.#head}}`, chunk]);
  }

  end(): void {
    this.#peer.send([...this.#route, `${this.#head},"completed":true}`]);
  }

  fail(error: CocaineError): void {
    // The engine knows one moment by which the job must have ended, the caller two and the task a third.
    const expired = this.#deadline <= this.#timeout && Date.now() >= this.#deadline;
    this.#peer.send([...this.#route, failureFrame(this.#head, lsdCodeOf(error, expired), error)]);
  }
}
