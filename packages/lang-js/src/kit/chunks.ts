const EMPTY = new Uint8Array(0);

/** The bytes of a response, or of one chunk of it; `undefined` for a stream of chunks. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (value === undefined || value === null) return EMPTY;
  if (typeof value === "object") {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (isStream(value)) return undefined;
  }
  return jsonBytes(value);
}

/** The bytes of a chunk of a stream. */
export function chunkBytes(value: unknown): Uint8Array {
  return bytesOf(value) ?? jsonBytes(value);
}

function jsonBytes(value: unknown): Uint8Array {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a ${typeof value} cannot be sent as a response`);
  return Buffer.from(text, "utf8");
}

function isStream(value: object): value is Iterable<unknown> | AsyncIterable<unknown> {
  return Symbol.asyncIterator in value || (Symbol.iterator in value && !Array.isArray(value));
}

/** A stream of chunks that is being read. */
export interface Chunks {
  next(): Promise<IteratorResult<unknown>> | IteratorResult<unknown>;
  /** Ends it early, even while `next()` waits. */
  stop(reason: Error): void;
}

/** Opens what a method answered with: a web stream, a Node stream, or anything that can be iterated. */
export function openChunks(value: unknown): Chunks {
  if (isWebStream(value)) {
    const reader = value.getReader();
    return {
      next: async () => {
        const { done, value: chunk } = await reader.read();
        return done ? { done, value: undefined } : { done, value: chunk };
      },
      stop: (reason) => ignoreFailure(reader.cancel(reason)),
    };
  }
  const source = value as Partial<AsyncIterable<unknown> & Iterable<unknown>> & { destroy?(reason: Error): void };
  const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]?.();
  if (iterator === undefined) throw new TypeError("this value cannot be iterated");
  return {
    next: () => iterator.next(),
    stop: (reason) => {
      // A Node stream's iterator would only stop at its next chunk.
      if (typeof source.destroy === "function") source.destroy(reason);
      else ignoreFailure(iterator.return?.());
    },
  };
}

function isWebStream(value: unknown): value is ReadableStream<unknown> {
  return typeof value === "object" && value !== null && "getReader" in value && typeof value.getReader === "function";
}

/** The job has failed for another reason already, which is what the caller is told. */
function ignoreFailure(ending: unknown): void {
  Promise.resolve(ending).catch(() => undefined);
}
