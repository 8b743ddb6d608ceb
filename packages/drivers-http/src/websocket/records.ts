// Messages of a WebSocket in the streams of a job (docs/worker-protocol.md, WebSocket): a kind, a length, the payload.

/** What a record is; the numbers are those of RFC 6455, 5.2. */
export const Kind = { TEXT: 1, BINARY: 2, CLOSE: 8 } as const;

export type Kind = (typeof Kind)[keyof typeof Kind];

const HEADER = 5;
/** Bytes of a message that go as one chunk; a chunk has a bound. */
const PIECE = 262_144;
/** A close has a code and at most 123 bytes of reason (RFC 6455, 5.5). */
const CLOSE_MOST = 125;

/** The chunks of a message, with its record's header before the first. */
export function* recordOf(kind: Kind, payload: Uint8Array): Generator<Uint8Array> {
  const header = Buffer.alloc(HEADER);
  header[0] = kind;
  header.writeUInt32BE(payload.length, 1);
  const first = PIECE - HEADER;
  yield Buffer.concat([header, payload.subarray(0, first)]);
  for (let from = first; from < payload.length; from += PIECE) yield payload.subarray(from, from + PIECE);
}

export function closeRecord(code: number, reason: string | Buffer): Uint8Array {
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
  return recordOf(Kind.CLOSE, payload).next().value as Uint8Array;
}

/** What a job says of its end. */
export interface Close {
  readonly code: number | undefined;
  readonly reason: Buffer;
}

export interface RecordEvents {
  /** Some of a message; a long one comes in pieces. */
  onPiece(kind: Kind, piece: Uint8Array, last: boolean): void;
  onClose(close: Close): void;
}

/** Takes records apart however they lie in chunks, and holds nothing of their payload. */
export class RecordReader {
  readonly #events: RecordEvents;
  readonly #header = Buffer.alloc(HEADER);
  #held = 0;
  #left = 0;
  #close: Buffer[] | undefined;

  constructor(events: RecordEvents) {
    this.#events = events;
  }

  /** @throws what is no record. */
  read(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#held < HEADER) {
        const size = Math.min(HEADER - this.#held, rest.length);
        this.#header.set(rest.subarray(0, size), this.#held);
        this.#held += size;
        rest = rest.subarray(size);
        if (this.#held < HEADER) return;
        this.#begin();
        if (this.#left === 0) this.#take(rest.subarray(0, 0));
      } else {
        const piece = rest.subarray(0, this.#left);
        rest = rest.subarray(piece.length);
        this.#left -= piece.length;
        this.#take(piece);
      }
    }
  }

  #begin(): void {
    const kind = this.#header[0];
    this.#left = this.#header.readUInt32BE(1);
    if (kind === Kind.CLOSE && this.#left <= CLOSE_MOST && this.#left !== 1) this.#close = [];
    else if (kind !== Kind.TEXT && kind !== Kind.BINARY) {
      throw new RangeError(
        `a record of kind ${kind} with ${this.#left} bytes, and there are 1, 2 and 8 with up to 125`,
      );
    }
  }

  #take(piece: Uint8Array): void {
    const last = this.#left === 0;
    if (last) this.#held = 0;
    if (this.#close === undefined) return this.#events.onPiece(this.#header[0] as Kind, piece, last);
    this.#close.push(Buffer.from(piece));
    if (!last) return;
    const payload = Buffer.concat(this.#close);
    this.#close = undefined;
    this.#events.onClose({
      code: payload.length < 2 ? undefined : payload.readUInt16BE(),
      reason: payload.subarray(2),
    });
  }
}
