/** Bytes of a body that is kept. */
const LIMIT = 65_536;

/** A job's own answer to a handshake that it does not accept. */
export class Refusal {
  readonly status: number;
  /** Names and values in turn, but for the length, which is that of the body. */
  readonly headers: readonly string[];
  readonly #body: Uint8Array[] = [];
  #size = 0;

  constructor(status: number, headers: readonly string[]) {
    this.status = status;
    this.headers = headers.filter((_, at) => (headers[at - (at % 2)] as string).toLowerCase() !== "content-length");
  }

  get body(): Buffer {
    return Buffer.concat(this.#body);
  }

  /** Some of the body; what is beyond the limit is left out. */
  take(chunk: Uint8Array): void {
    if (this.#size + chunk.length > LIMIT) return;
    this.#size += chunk.length;
    this.#body.push(Uint8Array.from(chunk));
  }
}
