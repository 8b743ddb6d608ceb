import type { Peer } from "@cocaine/zmtp";
import type { Exchange } from "./exchange.ts";
import type { Tally } from "./tally.ts";

/** What the clients of one server share. */
export interface ClientRules {
  /** Name of the task, for messages. */
  readonly task: string;
  /** Bytes of one reply at most. */
  readonly replyLimit: number;
  /** Milliseconds that a stalled client has to take what waits for it; 0: for ever. */
  readonly stallMs: number;
  readonly tally: Tally;
  /** Whether nothing is to be read from any client. */
  paused(): boolean;
  /** A job was answered or abandoned. */
  settled(): void;
  /** The client did not take what waits for it within `stallMs`. */
  stuck(client: Client): void;
}

/**
 * One connected client. It is `flowing`, or `stalled` when more than `hwm` bytes wait for it: then nothing is read
 * from it and jobs whose replies are still growing wait. A client that went away is `gone`.
 */
export class Client {
  readonly peer: Peer;
  readonly #rules: ClientRules;
  #state: "flowing" | "stalled" | "gone" = "flowing";
  /** Unanswered requests: a list through the exchanges themselves, since every message enters and leaves it. */
  #first: Exchange | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(peer: Peer, rules: ClientRules) {
    this.peer = peer;
    this.#rules = rules;
  }

  get task(): string {
    return this.#rules.task;
  }

  get replyLimit(): number {
    return this.#rules.replyLimit;
  }

  get stalled(): boolean {
    return this.#state === "stalled";
  }

  /** A request came. */
  asked(exchange: Exchange): void {
    exchange.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = exchange;
    this.#first = exchange;
    this.#rules.tally.requests++;
    this.#rules.tally.running++;
  }

  /** Its job ended well. */
  answered(exchange: Exchange, reply: Uint8Array[]): void {
    this.#rules.tally.replies++;
    this.#settle(exchange, reply);
  }

  /** Its job failed. */
  failed(exchange: Exchange, reply: Uint8Array[]): void {
    this.#rules.tally.failures++;
    this.#settle(exchange, reply);
  }

  /** Sends a message. */
  send(frames: Uint8Array[]): void {
    if (!this.peer.send(frames) && this.#state === "flowing") this.#stall();
  }

  /** Reads its requests, unless it is stalled or no client is to be read from. */
  read(): void {
    if (this.#state === "flowing" && !this.#rules.paused()) this.peer.resume();
    else this.peer.pause();
  }

  /** It took what was waiting: stalled → flowing. */
  drained(): void {
    if (this.#state !== "stalled") return;
    clearTimeout(this.#timer);
    this.#state = "flowing";
    this.read();
    for (const exchange of this.#unanswered()) exchange.resume();
  }

  /** It went away: any → gone. Its jobs are cancelled. */
  leave(reason: string): void {
    clearTimeout(this.#timer);
    this.#state = "gone";
    const { tally } = this.#rules;
    for (const exchange of this.#unanswered()) {
      tally.abandoned++;
      tally.running--;
      exchange.cancel(reason);
    }
    this.#first = undefined;
    this.#rules.settled();
  }

  /** flowing → stalled. */
  #stall(): void {
    this.#state = "stalled";
    this.read();
    const { stallMs } = this.#rules;
    if (stallMs > 0) this.#timer = setTimeout(() => this.#rules.stuck(this), stallMs).unref();
  }

  #settle(exchange: Exchange, reply: Uint8Array[]): void {
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
  #unanswered(): Exchange[] {
    const list: Exchange[] = [];
    for (let exchange = this.#first; exchange !== undefined; exchange = exchange.next) list.push(exchange);
    return list;
  }
}
