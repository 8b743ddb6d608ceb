/** How messages lie in a connection. */
export type Framing = "line" | "length";

/** A connection whose bytes are no messages. */
export class FramingError extends Error {}

/** Pieces that are kept of one message: each costs more than its bytes. */
const PIECES = 1024;
/** Bytes of a length. */
const LENGTH = 4;
const NEWLINE = 10;
const RETURN = 13;

/** Cuts what comes into messages. */
export class Splitter {
  readonly #framing: Framing;
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #size = 0;

  /** @param limit - bytes of one message. */
  constructor(framing: Framing, limit: number) {
    this.#framing = framing;
    this.#limit = limit;
  }

  /** The last message has not come to its end. */
  get incomplete(): boolean {
    return this.#size > 0;
  }

  /** Takes what came, and adds the messages that are whole to others. @throws FramingError for one that is too long */
  take(chunk: Buffer, messages: Pick<Buffer[], "push">): void {
    if (this.#framing === "line") this.#takeLines(chunk, messages);
    else this.#takeMessages(chunk, messages);
  }

  /** The rest of a client that ended without a line break. */
  rest(): Buffer | undefined {
    if (this.#framing === "length" || this.#size === 0) return undefined;
    return this.#line(Buffer.alloc(0));
  }

  #takeLines(chunk: Buffer, lines: Pick<Buffer[], "push">): void {
    let begin = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, begin)) {
      lines.push(this.#line(chunk.subarray(begin, at)));
      begin = at + 1;
    }
    this.#keep(chunk.subarray(begin));
    // One more for a return that does not count.
    if (this.#size > this.#limit + 1) throw this.#tooLong();
  }

  #line(end: Buffer): Buffer {
    const line = this.#size === 0 ? end : this.#joined(end);
    const bare = line.at(-1) === RETURN ? line.subarray(0, -1) : line;
    if (bare.length > this.#limit) throw this.#tooLong();
    return bare;
  }

  #takeMessages(chunk: Buffer, messages: Pick<Buffer[], "push">): void {
    this.#keep(chunk);
    let needed = this.#needed();
    while (this.#size >= needed) {
      const all = this.#joined(Buffer.alloc(0));
      messages.push(all.subarray(LENGTH, needed));
      this.#keep(all.subarray(needed));
      needed = this.#needed();
    }
  }

  /** Bytes of the next message with its length. @throws FramingError */
  #needed(): number {
    if (this.#size < LENGTH) return LENGTH;
    const [first] = this.#pieces as [Buffer];
    const head = first.length >= LENGTH ? first : this.#merge();
    const length = head.readUInt32BE(0);
    if (length > this.#limit) throw this.#tooLong();
    return LENGTH + length;
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#pieces.length > PIECES) this.#merge();
  }

  #merge(): Buffer {
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }

  /** All that is kept and what follows; nothing is kept any more. */
  #joined(end: Buffer): Buffer {
    const [first] = this.#pieces;
    const all =
      this.#pieces.length === 1 && end.length === 0 ? (first as Buffer) : Buffer.concat([...this.#pieces, end]);
    this.#pieces = [];
    this.#size = 0;
    return all;
  }

  #tooLong(): FramingError {
    return new FramingError(`a message is longer than max-message, ${this.#limit} bytes`);
  }
}

/** A message as it is sent. */
export function framed(framing: Framing, chunks: readonly Uint8Array[], size: number): Uint8Array[] {
  if (framing === "line") return [...chunks, Buffer.from([NEWLINE])];
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32BE(size);
  return [length, ...chunks];
}
