import { Code, FLAG_END, FRAME_LIMIT, WINDOW } from "@cocaine/core/plugin";
import type { Link } from "./link.ts";

/** The response of one job on its way to the engine: splits what is too long for a frame, and waits for credit. */
export class Outgoing {
  readonly #link: Link;
  readonly #job: number;
  #window = WINDOW;
  #wake: (() => void) | undefined;
  #open = true;

  constructor(link: Link, job: number) {
    this.#link = link;
    this.#job = job;
  }

  /**
   * Sends a chunk.
   *
   * @returns a promise where the engine has to give credit first.
   */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length === 0 || !this.#open) return undefined;
    if (this.#window <= 0 || bytes.length > FRAME_LIMIT) return this.#writeSlowly(bytes);
    this.#window -= bytes.length;
    this.#link.send(Code.CHUNK, 0, this.#job, bytes);
    return undefined;
  }

  /** Sends the last chunk, and the end with it. */
  end(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length === 0) {
      this.#link.send(Code.CHOKE, FLAG_END, this.#job);
    } else if (this.#window <= 0 || bytes.length > FRAME_LIMIT) {
      return this.#writeSlowly(bytes).then(() => this.#link.send(Code.CHOKE, FLAG_END, this.#job));
    } else {
      this.#link.send(Code.CHUNK, FLAG_END, this.#job, bytes);
    }
    return undefined;
  }

  /** The engine takes more. */
  credit(bytes: number): void {
    this.#window += bytes;
    if (this.#window > 0) this.#wake?.();
  }

  /** Nobody waits any more: what is written from now on is dropped. */
  close(): void {
    this.#open = false;
    this.#wake?.();
  }

  async #writeSlowly(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; from += FRAME_LIMIT) {
      while (this.#window <= 0 && this.#open) await this.#credited();
      if (!this.#open) return;
      const piece = bytes.subarray(from, from + FRAME_LIMIT);
      this.#window -= piece.length;
      this.#link.send(Code.CHUNK, 0, this.#job, piece);
    }
  }

  #credited(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
