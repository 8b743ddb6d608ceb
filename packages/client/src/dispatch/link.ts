import type { CocaineError } from "@cocaine/core/plugin";
import { createDealer, type Dealer } from "@cocaine/zmtp";
import type { Answers, Wire } from "../wires/wire.ts";
import type { Call } from "./call.ts";
import { lost, unreachable, unreadable } from "./errors.ts";

const PING_INTERVAL = 1000;
const RECONNECT = { min: 50, max: 2000 };
/** Milliseconds that a server is spared after a first refusal, and after many. */
const REST = { min: 50, max: 2000 };

export interface LinkOptions {
  readonly endpoint: string;
  readonly wire: Wire;
  /** Milliseconds that the server may be silent. */
  readonly silence: number;
  /** Bytes that may wait for their readers. */
  readonly window: number;
}

/** What a link tells. */
export interface LinkOwner {
  /** It can be sent to. */
  opened(link: Link): void;
  ended(link: Link, call: Call): void;
  /** @param refused - the server did not take it: another one may */
  failed(link: Link, call: Call, error: CocaineError, refused: boolean): void;
  /** The connection is gone, and these had no end. */
  lost(calls: readonly Call[], error: CocaineError): void;
  warned(error: CocaineError): void;
}

/**
 * The connection to one server, made again whenever it is lost.
 *
 * - `down`: there is no connection
 * - `open`: takes requests
 * - `full`: more waits to be sent than may
 * - `closed`
 */
type LinkState = "down" | "open" | "full" | "closed";

export class Link implements Answers {
  readonly endpoint: string;
  readonly wire: Wire;
  readonly #options: LinkOptions;
  readonly #owner: LinkOwner;
  readonly #dealer: Dealer;
  #state: LinkState = "down";
  #calls = new Map<string, Call>();
  /** Bytes that wait for their readers. */
  #held = 0;
  #reading = true;
  /** It is no longer listed: it ends with its last call. */
  #leaving = false;
  #refusals = 0;
  #restsUntil = 0;
  /** That it cannot be reached was told. */
  #told = false;

  constructor(options: LinkOptions, owner: LinkOwner) {
    this.endpoint = options.endpoint;
    this.wire = options.wire;
    this.#options = options;
    this.#owner = owner;
    this.#dealer = createDealer({
      reconnect: RECONNECT,
      heartbeat: { interval: Math.min(PING_INTERVAL, options.silence), timeout: options.silence },
      onConnect: () => this.#open(),
      onDisconnect: (error) => this.#down(error),
      onDrain: () => {
        if (this.#state === "full") this.#open();
      },
      onMessage: (frames) => options.wire.decode(frames, options.endpoint, this),
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Requests that it has and that have not ended. */
  get unfinished(): number {
    return this.#calls.size;
  }

  /** Whether it refused a request a moment ago. @param now - monotonic milliseconds. */
  rests(now: number): boolean {
    return now < this.#restsUntil;
  }

  connect(): void {
    this.#dealer.connect(this.endpoint).catch((error: unknown) => {
      if (this.#state !== "closed") this.#owner.warned(unreachable(this.endpoint, error));
    });
  }

  send(call: Call): void {
    call.send(this);
    this.#calls.set(call.uuid, call);
    if (!this.#dealer.send(this.wire.encode(call))) this.#state = "full";
  }

  /** It has nothing more to do with a call. */
  forget(call: Call): void {
    this.#calls.delete(call.uuid);
    if (this.#leaving && this.#calls.size === 0) void this.close();
  }

  /** It refused a request: others go first for a while. @param now - monotonic milliseconds. */
  refused(now: number): void {
    this.#restsUntil = now + Math.min(REST.max, REST.min * 2 ** Math.min(this.#refusals++, 10));
  }

  /** It served a request to its end. */
  served(): void {
    this.#refusals = 0;
    this.#restsUntil = 0;
  }

  /** Bytes came that wait for their reader. */
  hold(bytes: number): void {
    this.#held += bytes;
    this.#read(this.#held < this.#options.window);
  }

  release(bytes: number): void {
    this.#held -= bytes;
    if (this.#held <= this.#options.window / 2) this.#read(true);
  }

  /** Takes nothing new, and ends with its last call. */
  leave(): void {
    this.#leaving = true;
    if (this.#calls.size === 0) void this.close();
  }

  /** Sends what is queued and ends the connection. */
  async close(): Promise<void> {
    this.#state = "closed";
    await this.#dealer.close();
  }

  // --- what the server answers; of a call that was given up, or is over, nothing is known ---

  chunk(id: string, chunk: Uint8Array): void {
    this.#calls.get(id)?.receive(chunk);
  }

  end(id: string): void {
    const call = this.#calls.get(id);
    if (call !== undefined) this.#owner.ended(this, call);
  }

  failed(id: string, error: CocaineError, refused: boolean): void {
    const call = this.#calls.get(id);
    if (call !== undefined) this.#owner.failed(this, call, error, refused);
  }

  unreadable(why: string): void {
    this.#owner.warned(unreadable(this.endpoint, this.wire.type, why));
  }

  #open(): void {
    if (this.#state === "closed") return;
    this.#state = "open";
    this.#told = false;
    if (!this.#leaving) this.#owner.opened(this);
  }

  #down(cause: Error | undefined): void {
    const connected = this.#state !== "down";
    if (this.#state !== "closed") this.#state = "down";
    const calls = [...this.#calls.values()];
    this.#calls = new Map();
    if (calls.length > 0) this.#owner.lost(calls, lost(this.endpoint, cause));
    if (this.#state === "closed") return;
    if (this.#leaving) void this.close();
    else if (connected) this.#owner.warned(lost(this.endpoint, cause));
    else if (!this.#told) {
      this.#told = true;
      this.#owner.warned(unreachable(this.endpoint, cause));
    }
  }

  #read(reading: boolean): void {
    if (reading === this.#reading) return;
    this.#reading = reading;
    if (reading) this.#dealer.resume();
    else this.#dealer.pause();
  }
}
