import type { CocaineError } from "../errors.ts";
import { Backoff } from "./backoff.ts";

/** What is done about failed starts. */
export interface RestartsOwner {
  /** The back-off is over: workers may be started. @param probe - one at the least, to see whether they can be. */
  startAgain(probe: boolean): void;
  /** Too many starts in a row failed, and no worker is left. */
  failed(error: CocaineError): void;
  recovered(): void;
}

/** Failed starts in a row: the back-off between them, and the app's failure after `start-attempts`. */
export class Restarts {
  readonly #attempts: number;
  readonly #owner: RestartsOwner;
  readonly #backoff = new Backoff();
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(attempts: number, owner: RestartsOwner) {
    this.#attempts = attempts;
    this.#owner = owner;
  }

  /** A start failed not long ago: none is made now. */
  get pending(): boolean {
    return this.#timer !== undefined;
  }

  /** @param helpless - no worker is ready. */
  startFailed(error: CocaineError, helpless: boolean): void {
    const wait = this.#backoff.failed();
    if (helpless && !this.#failing && this.#backoff.failures >= this.#attempts) {
      this.#failing = true;
      this.#owner.failed(error);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#owner.startAgain(this.#failing);
    }, wait);
  }

  /** A worker is ready. */
  started(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#owner.recovered();
  }

  /** A worker ended a job: it is not its code that fails. */
  worked(): void {
    if (this.#backoff.failures > 0) this.#backoff.reset();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
