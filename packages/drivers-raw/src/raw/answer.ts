import { type CocaineError, createError, type JobHandle, type ResponseSink } from "@cocaine/core/plugin";

/** The answer to one message, which is kept until it is its turn. */
export class Answer implements ResponseSink {
  readonly chunks: Uint8Array[] = [];
  size = 0;
  done = false;
  error: CocaineError | undefined = undefined;
  readonly #limit: number;
  readonly #onDone: () => void;
  #handle: JobHandle | undefined = undefined;

  /** @param limit - bytes that it may have. */
  constructor(limit: number, onDone: () => void) {
    this.#limit = limit;
    this.#onDone = onDone;
  }

  run(handle: JobHandle): void {
    this.#handle = handle;
  }

  cancel(reason: string): void {
    if (!this.done) this.#handle?.cancel(reason);
  }

  write(chunk: Uint8Array): boolean {
    this.size += chunk.length;
    if (this.size <= this.#limit) {
      this.chunks.push(chunk);
      return true;
    }
    this.cancel("the answer is too long");
    this.fail(createError("COC_SOCKET_MESSAGE", `an answer is longer than max-message, ${this.#limit} bytes`));
    return true;
  }

  end(): void {
    this.#finish();
  }

  fail(error: CocaineError): void {
    this.error = error;
    this.#finish();
  }

  #finish(): void {
    if (this.done) return;
    this.done = true;
    this.#onDone();
  }
}
