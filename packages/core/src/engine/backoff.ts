const FIRST = 100;
const LONGEST = 30_000;

/**
 * Milliseconds to wait before one more try, after so many that failed: twice as long each time, from `first` to
 * `longest`; at random between that and its half, so that what failed together does not come back together.
 */
export function delayAfter(failures: number, first: number, longest: number): number {
  const most = Math.min(longest, first * 2 ** Math.min(failures - 1, 40));
  return most * (0.5 + Math.random() / 2);
}

/** Failed starts in a row, and how long to wait before the next: exponential from 0.1 s to 30 s, with jitter. */
export class Backoff {
  #failures = 0;

  get failures(): number {
    return this.#failures;
  }

  /** Counts a failed start. @returns milliseconds to wait. */
  failed(): number {
    return delayAfter(++this.#failures, FIRST, LONGEST);
  }

  reset(): void {
    this.#failures = 0;
  }
}
