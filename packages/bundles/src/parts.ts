import { Header } from "tar";

const BLOCK = 512;
/** The headers that have a content: what they say of the entry that follows. */
const EXTENDED = [
  "ExtendedHeader",
  "OldExtendedHeader",
  "GlobalExtendedHeader",
  "NextFileHasLongPath",
  "NextFileHasLongLinkpath",
  "OldGnuLongPath",
];

/**
 * An archive in parts, of which none ends inside an extended header: the parser reads each part as a text of its own,
 * so that a letter that lies in two would be none, and the header be passed over.
 */
export interface Parts {
  /** More of the archive. */
  add(chunk: Uint8Array): void;
  /** The next part; `undefined` until there is more. @throws where it is no header */
  next(): Buffer | undefined;
  /** The part before was the header of an entry with so many bytes of blocks. */
  follow(bytes: number): void;
  /** What there is beyond the last part. */
  rest(): Buffer;
}

/** @param limit - bytes of an extended header; a longer one is not waited for. */
export function createParts(limit: number): Parts {
  let held: Buffer = Buffer.alloc(0);
  /** Bytes that are still to come of the entry's blocks. */
  let body = 0;

  function length(): number {
    if (body > 0) return Math.min(body, held.length);
    if (held.length < BLOCK) return 0;
    const { type, size = 0 } = new Header(held);
    const whole = BLOCK + (EXTENDED.includes(type) && size <= limit ? BLOCK * Math.ceil(size / BLOCK) : 0);
    return whole <= held.length ? whole : 0;
  }

  function take(bytes: number): Buffer {
    const part = held.subarray(0, bytes);
    held = held.subarray(bytes);
    return part;
  }

  return {
    add(chunk) {
      const more = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      held = held.length === 0 ? more : Buffer.concat([held, more]);
    },
    next() {
      const part = take(length());
      if (body > 0) body -= part.length;
      return part.length === 0 ? undefined : part;
    },
    follow(bytes) {
      body = bytes;
    },
    rest: () => take(held.length),
  };
}
