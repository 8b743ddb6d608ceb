import type { CocaineError } from "@cocaine/core/plugin";
import type { Call } from "./call.ts";
import { clientFull, deadlinePassed, noMoreRetries } from "./errors.ts";
import type { Link, LinkOptions, LinkOwner } from "./link.ts";
import { createLinks, type Links } from "./links.ts";

/** Milliseconds before a request that was refused is sent again: the first time, and at the most. */
const BACK_OFF = { min: 20, max: 1000 };
/** What a timer of Node takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface DispatcherOptions extends Omit<LinkOptions, "endpoint" | "wire"> {
  /** Requests that may wait for a link. */
  readonly backlog: number;
  warned(error: CocaineError): void;
}

/** Brings calls to links, and decides which are sent again. */
export class Dispatcher implements LinkOwner {
  readonly links: Links;
  /** How often a call was sent again. */
  resent = 0;
  readonly #options: DispatcherOptions;
  /** All that are not over, with their deadlines. */
  readonly #calls = new Map<Call, NodeJS.Timeout | undefined>();
  readonly #urgent = new Set<Call>();
  readonly #waiting = new Set<Call>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.links = createLinks(options, this);
  }

  /** Calls that are not over. */
  get open(): number {
    return this.#calls.size;
  }

  /** Calls that wait for a link. */
  get waiting(): number {
    return this.#urgent.size + this.#waiting.size;
  }

  submit(call: Call): void {
    this.#calls.set(call, undefined);
    this.#watch(call);
    if (!call.over) this.#dispatch(call);
  }

  /** Ends a call at once for its caller, whatever becomes of it at its server. */
  drop(call: Call, failure?: unknown): void {
    this.#forget(call);
    call.drop(failure);
  }

  dropAll(failure: CocaineError): void {
    for (const call of this.#calls.keys()) this.drop(call, failure);
  }

  // --- what links tell ---

  opened(link: Link): void {
    for (const calls of [this.#urgent, this.#waiting]) {
      for (const call of calls) {
        if (link.state !== "open") return;
        calls.delete(call);
        this.#dispatch(call);
      }
    }
  }

  ended(link: Link, call: Call): void {
    link.served();
    this.#end(call);
  }

  failed(link: Link, call: Call, error: CocaineError, refused: boolean): void {
    if (!refused) return this.#end(call, error);
    link.refused(performance.now());
    link.forget(call);
    const wait = Math.min(BACK_OFF.max, BACK_OFF.min * 2 ** Math.min(call.refusals++, 10));
    this.#again(call, error, wait * (0.5 + Math.random() / 2));
  }

  lost(calls: readonly Call[], error: CocaineError): void {
    for (const call of calls) this.#again(call, error, 0);
  }

  warned(error: CocaineError): void {
    this.#options.warned(error);
  }

  // --- the rules ---

  #end(call: Call, failure?: CocaineError): void {
    this.#forget(call);
    call.end(failure);
  }

  #forget(call: Call): void {
    clearTimeout(this.#calls.get(call));
    this.#calls.delete(call);
    this.#urgent.delete(call);
    this.#waiting.delete(call);
    call.link?.forget(call);
  }

  #dispatch(call: Call): void {
    const link = this.links.choose();
    if (link !== undefined) return link.send(call);
    const { backlog } = this.#options;
    if (this.waiting >= backlog) this.#end(call, clientFull(backlog));
    else (call.policy.urgent ? this.#urgent : this.#waiting).add(call);
  }

  #again(call: Call, error: CocaineError, wait: number): void {
    if (!call.repeatable) return this.#end(call, error);
    const { maxRetries } = call.policy;
    if (call.sent > maxRetries) return this.#end(call, noMoreRetries(error, maxRetries));
    try {
      call.restart(error);
    } catch (refusal) {
      // Thrown by the caller's own `onRestart`: no matter of the other calls of the link.
      return this.drop(call, refusal);
    }
    this.resent++;
    // Also without a wait: the other calls of a lost link are to be told first.
    call.retry = setTimeout(() => this.#dispatch(call), wait);
  }

  /** Ends the call at its deadline. */
  #watch(call: Call): void {
    if (call.deadline === Number.POSITIVE_INFINITY) return;
    const left = call.deadline - Date.now();
    if (left <= 0) return this.drop(call, deadlinePassed(call.sent, call.last));
    this.#calls.set(
      call,
      setTimeout(() => this.#watch(call), Math.min(left, LONGEST_TIMER)),
    );
  }
}
