const FIRST = 100;
const LONGEST = 30_000;

/** Failed starts in a row, and how long to wait before the next: exponential from 0.1 s to 30 s, with jitter. */
export class Backoff {
  #failures = 0;

  get failures(): number {
    return this.#failures;
  }

  /** Counts a failed start. @returns milliseconds to wait. */
  failed(): number {
    const longest = Math.min(LONGEST, FIRST * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    return longest * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
