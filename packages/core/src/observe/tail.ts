/** The last lines of what a worker wrote. */
export class Tail {
  readonly #limit: number;
  readonly #lines: string[] = [];
  #next = 0;

  /** @param limit - lines that are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(line: string): void {
    this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % this.#limit;
  }

  /** Oldest first. */
  lines(): readonly string[] {
    if (this.#lines.length < this.#limit) return this.#lines.slice();
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }
}
