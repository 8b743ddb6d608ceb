// Frames up to this length are copied into the output buffer; longer ones are written as they are.
const COPY_LIMIT = 4096;
// The first buffer of a connection is small, since most of ten thousand say little; those after it grow.
const FIRST_SLAB = 1024;
const SLAB = 65_536;
// Characters; its frame has a length of one byte.
const SHORT_TEXT = 96;
const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const EMPTY = Buffer.alloc(0);

/** A frame to be sent: bytes, or text that is written as UTF-8 without a buffer of its own. */
export type Frame = Uint8Array | string;

/** Writes frames (RFC 37, "Framing") into as few buffers as there can be. */
export interface Encoder {
  /** Frames of up to 4,096 bytes are copied before it returns; longer ones are kept until they are taken. */
  message(frames: readonly Frame[]): void;
  command(body: Uint8Array): void;
  /** Bytes as they are, outside any frame. */
  raw(bytes: Uint8Array): void;
  /** Bytes that wait to be taken. */
  readonly length: number;
  /** Hands over all that was written since. */
  take(): Uint8Array[];
}

export function createEncoder(): Encoder {
  // Buffers that are complete, and the slab that is being filled: from `start` on it is ours to hand over.
  let done: Uint8Array[] = [];
  let slab: Buffer = EMPTY;
  let start = 0;
  let at = 0;
  let length = 0;

  const seal = (): void => {
    if (at > start) done.push(slab.subarray(start, at));
    start = at;
  };
  const reserve = (bytes: number): void => {
    if (at + bytes <= slab.length) return;
    seal();
    slab = Buffer.allocUnsafeSlow(Math.max(bytes, FIRST_SLAB, Math.min(SLAB, slab.length * 4)));
    start = 0;
    at = 0;
  };
  /** Flags and length of a frame, and room for its body if that is copied. */
  const open = (flags: number, size: number, copied: boolean): void => {
    reserve(9 + (copied ? size : 0));
    if (size < 256) {
      slab[at++] = flags;
      slab[at++] = size;
      length += 2 + size;
    } else {
      slab[at++] = flags | LONG;
      at = slab.writeUInt32BE(Math.floor(size / 0x1_0000_0000), at);
      at = slab.writeUInt32BE(size >>> 0, at);
      length += 9 + size;
    }
  };
  const text = (flags: number, body: string): void => {
    if (body.length <= SHORT_TEXT && ascii(flags, body)) return;
    const size = Buffer.byteLength(body);
    if (size > COPY_LIMIT) return frame(flags, Buffer.from(body));
    open(flags, size, true);
    at += slab.write(body, at, size);
  };
  /** For short text a loop beats the call into native code. Returns `false`, with nothing done, where it is not ASCII. */
  const ascii = (flags: number, body: string): boolean => {
    const size = body.length;
    reserve(2 + size);
    // What the loop needs is at hand, not in the closure.
    const target = slab;
    for (let index = 0, to = at + 2; index < size; index++) {
      const code = body.charCodeAt(index);
      if (code > 0x7f) return false;
      target[to + index] = code;
    }
    slab[at++] = flags;
    slab[at++] = size;
    at += size;
    length += 2 + size;
    return true;
  };
  const frame = (flags: number, body: Uint8Array): void => {
    const size = body.length;
    const copied = size <= COPY_LIMIT;
    open(flags, size, copied);
    if (copied) {
      // A loop beats set() for the few bytes that most frames are.
      if (size > 32) slab.set(body, at);
      else {
        const target = slab;
        for (let index = 0, to = at; index < size; index++) target[to + index] = body[index] as number;
      }
      at += size;
    } else {
      seal();
      done.push(body);
    }
  };

  return {
    message(frames) {
      const last = frames.length - 1;
      for (let index = 0; index <= last; index++) {
        const body = frames[index] as Frame;
        if (typeof body === "string") text(index < last ? MORE : 0, body);
        else frame(index < last ? MORE : 0, body);
      }
    },
    command: (body) => frame(COMMAND, body),
    raw(bytes) {
      seal();
      done.push(bytes);
      length += bytes.length;
    },
    get length() {
      return length;
    },
    take() {
      seal();
      const taken = done;
      done = [];
      length = 0;
      return taken;
    },
  };
}
