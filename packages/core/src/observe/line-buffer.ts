/** Bytes of a line that are kept; the rest of a longer one is cut. */
export const LINE_LIMIT = 65_536;
const CUT = "… (cut)";
const FIRST_SIZE = 256;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** The line that is being read. It copies what it is given, so that it keeps no read buffer alive. */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
  #length = 0;
  #cut = false;

  get empty(): boolean {
    return this.#length === 0;
  }

  /** Reads a chunk, and gives the lines that it ends. */
  *read(chunk: Buffer): Generator<string> {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      this.#add(chunk.subarray(from, to));
      yield this.take();
      from = to + 1;
    }
    if (from < chunk.length) this.#add(chunk.subarray(from));
  }

  #add(bytes: Buffer): void {
    const kept = Math.min(bytes.length, LINE_LIMIT - this.#length);
    if (kept < bytes.length) this.#cut = true;
    this.#reserve(this.#length + kept);
    bytes.copy(this.#bytes, this.#length, 0, kept);
    this.#length += kept;
  }

  /** The line without its end, and begins the next. */
  take(): string {
    const last = this.#length > 0 && this.#bytes[this.#length - 1] === CARRIAGE_RETURN ? 1 : 0;
    const text = this.#bytes.toString("utf8", 0, this.#length - last) + (this.#cut ? CUT : "");
    this.#length = 0;
    this.#cut = false;
    return text;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(LINE_LIMIT, Math.max(size, this.#bytes.length * 2)));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
