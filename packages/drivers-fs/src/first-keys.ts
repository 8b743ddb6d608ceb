import type { PathKey } from "./raw-path.ts";

/** The first so many of many keys in the order of their bytes, in memory for no more than twice as many. */
export class FirstKeys {
  readonly #limit: number;
  #keys: PathKey[] = [];
  #more = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** There were more than fit. */
  get more(): boolean {
    return this.#more || this.#keys.length > this.#limit;
  }

  add(key: PathKey): void {
    if (this.#keys.push(key) >= 2 * this.#limit) this.#cut();
  }

  sorted(): readonly PathKey[] {
    this.#cut();
    return this.#keys;
  }

  #cut(): void {
    this.#more = this.more;
    this.#keys.sort((one, other) => (one < other ? -1 : 1));
    this.#keys.length = Math.min(this.#keys.length, this.#limit);
  }
}
