import { WINDOW } from "@cocaine/core/plugin";

/** Grants the engine more bytes of the request. */
export type Grant = (bytes: number) => void;

/** A request that comes in pieces: its chunks wait here until the app's code takes them. */
export class Incoming implements AsyncIterableIterator<Uint8Array> {
  readonly #grant: Grant;
  readonly #chunks: Uint8Array[] = [];
  #ungranted = 0;
  #ended = false;
  #failure: Error | undefined;
  #waiting: { resolve(result: IteratorResult<Uint8Array>): void; reject(error: Error): void } | undefined;

  constructor(grant: Grant) {
    this.#grant = grant;
  }

  /** A chunk came; `end`: it, or the one before it, was the last. */
  push(chunk: Uint8Array | undefined, end: boolean): void {
    if (chunk !== undefined && chunk.length > 0) this.#chunks.push(chunk);
    this.#ended ||= end;
    this.#settle();
  }

  /** No more will come: who reads it is told why. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#settle();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#settle();
    });
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const chunk = this.#failure === undefined ? this.#chunks.shift() : undefined;
    if (chunk === undefined && !this.#ended && this.#failure === undefined) return;
    this.#waiting = undefined;
    if (this.#failure !== undefined) waiting.reject(this.#failure);
    else if (chunk === undefined) waiting.resolve({ done: true, value: undefined });
    else {
      waiting.resolve({ done: false, value: chunk });
      this.#taken(chunk.length);
    }
  }

  #taken(bytes: number): void {
    this.#ungranted += bytes;
    if (this.#ungranted < WINDOW / 2 || this.#ended) return;
    this.#grant(this.#ungranted);
    this.#ungranted = 0;
  }
}

/** A request that is whole, as one chunk. */
export async function* single(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  if (chunk.length > 0) yield chunk;
}

/** All that is left of a request. */
export async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}
