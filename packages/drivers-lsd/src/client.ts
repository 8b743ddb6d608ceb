import type { Frame, Peer } from "@cocaine/zmtp";
import type { Exchange } from "./exchange.ts";
import type { Tally } from "./tally.ts";

/** What the clients of one server share. */
export interface ClientRules {
  /** Milliseconds that a stalled client has to take what waits for it; 0: for ever. */
  readonly stallMs: number;
  readonly tally: Tally;
  /** Whether nothing is to be read from any client. */
  paused(): boolean;
  /** Takes the next pair of a client's message. */
  take(client: Client, pairs: Pairs): void;
  /** A job was answered or abandoned. */
  settled(): void;
  /** The client did not take what waits for it within `stallMs`. */
  stuck(client: Client): void;
}

/** A message whose pairs are taken one after another; `at` is the next envelope. */
export interface Pairs {
  readonly route: readonly Uint8Array[];
  readonly frames: readonly Uint8Array[];
  at: number;
}

/**
 * One connected client. It is `flowing`, or `stalled` when more than `hwm` bytes wait for it: then nothing is read
 * from it and its jobs that write wait. A client that went away is `gone`.
 */
export class Client {
  readonly peer: Peer;
  readonly #rules: ClientRules;
  #state: "flowing" | "stalled" | "gone" = "flowing";
  /** Jobs that have not ended: a list through the exchanges themselves, since every job enters and leaves it. */
  #first: Exchange | undefined = undefined;
  /** The rest of a message that came before nothing more was to be read. */
  #pairs: Pairs | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(peer: Peer, rules: ClientRules) {
    this.peer = peer;
    this.#rules = rules;
  }

  get stalled(): boolean {
    return this.#state === "stalled";
  }

  /** A message came. It is the only one: none comes to a client that is not read from. */
  received(pairs: Pairs): void {
    this.#pairs = pairs;
    this.#takePairs();
  }

  /** A job begins. */
  asked(exchange: Exchange): void {
    exchange.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = exchange;
    this.#first = exchange;
    this.#rules.tally.requests++;
    this.#rules.tally.running++;
  }

  /** Its job ended well. */
  answered(exchange: Exchange, reply: Frame[]): void {
    this.#rules.tally.replies++;
    this.#settle(exchange, reply);
  }

  /** Its job failed. */
  failed(exchange: Exchange, reply: Frame[]): void {
    this.#rules.tally.failures++;
    this.#settle(exchange, reply);
  }

  /** Sends a message. */
  send(frames: readonly Frame[]): void {
    if (!this.peer.send(frames) && this.#state === "flowing") this.#stall();
  }

  /** Reads its requests, unless it is stalled or no client is to be read from. */
  read(): void {
    this.#takePairs();
    if (this.#reads) this.peer.resume();
    else this.peer.pause();
  }

  /** It took what was waiting: stalled → flowing. */
  drained(): void {
    if (this.#state !== "stalled") return;
    clearTimeout(this.#timer);
    this.#state = "flowing";
    this.read();
    for (const exchange of this.#open()) exchange.resume();
  }

  /** It went away: any → gone. Its jobs are cancelled. */
  leave(reason: string): void {
    clearTimeout(this.#timer);
    this.#state = "gone";
    this.#pairs = undefined;
    const { tally } = this.#rules;
    for (const exchange of this.#open()) {
      tally.abandoned++;
      tally.running--;
      exchange.cancel(reason);
    }
    this.#first = undefined;
    this.#rules.settled();
  }

  get #reads(): boolean {
    return this.#state === "flowing" && !this.#rules.paused();
  }

  #takePairs(): void {
    const pairs = this.#pairs;
    if (pairs === undefined) return;
    while (this.#reads && pairs.at < pairs.frames.length) this.#rules.take(this, pairs);
    if (pairs.at >= pairs.frames.length) this.#pairs = undefined;
  }

  /** flowing → stalled. */
  #stall(): void {
    this.#state = "stalled";
    this.read();
    const { stallMs } = this.#rules;
    if (stallMs > 0) this.#timer = setTimeout(() => this.#rules.stuck(this), stallMs).unref();
  }

  #settle(exchange: Exchange, reply: Frame[]): void {
    const { previous, next } = exchange;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    exchange.previous = undefined;
    exchange.next = undefined;
    this.#rules.tally.running--;
    this.send(reply);
    this.#rules.settled();
  }

  #open(): Exchange[] {
    const list: Exchange[] = [];
    for (let exchange = this.#first; exchange !== undefined; exchange = exchange.next) list.push(exchange);
    return list;
  }
}
