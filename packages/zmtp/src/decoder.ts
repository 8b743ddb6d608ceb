import { ZmtpError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import { createPieces } from "./pieces.ts";

const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const RESERVED = 0xf8;
// Delimiters are frames without bytes: one view serves all of them.
const EMPTY = Buffer.alloc(0);

/** Takes what a decoder reads. */
export interface DecoderSink {
  /** A message, whole. Its frames are views of what was received: keeping one keeps its whole read buffer alive. */
  message(frames: Uint8Array[]): void;
  command(body: Uint8Array): void;
}

/** Reads frames (RFC 37, "Framing") from chunks that may end anywhere. */
export interface Decoder {
  /** @throws `COC_ZMTP_PROTOCOL` or `COC_ZMTP_LIMIT`; nothing can be read after that. */
  push(chunk: Uint8Array): void;
}

type DecoderLimits = Required<Pick<Limits, "frame" | "message" | "frames">>;

/**
 * Makes a decoder. Limits hold for the lengths that a frame announces, before any of its bytes are kept; the pieces of
 * a frame that comes in many chunks are joined once.
 *
 * @param limits - read anew for each frame; with `frames` 0 commands alone are taken.
 */
export function createDecoder(limits: DecoderLimits, sink: DecoderSink): Decoder {
  // The message that has begun: its first frame, and all of them once there are two.
  let first: Uint8Array | undefined;
  let frames: Uint8Array[] | undefined;
  let bytes = 0;
  // A frame that began in an earlier chunk: its pieces, and how many bytes they must become to go on.
  const pieces = createPieces();
  let needed = 0;

  const take = (flags: number, body: Uint8Array): void => {
    if ((flags & COMMAND) !== 0) return sink.command(body);
    const last = (flags & MORE) === 0;
    // Most messages have one frame or two: an array that is made with them is no larger than it has to be.
    if (first === undefined) {
      if (!last) first = body;
    } else if (frames === undefined) {
      if (!last) frames = [first, body];
    } else {
      frames.push(body);
    }
    if (!last) return;
    const message = frames ?? (first === undefined ? [body] : [first, body]);
    first = undefined;
    frames = undefined;
    bytes = 0;
    sink.message(message);
  };

  const check = (flags: number, length: number): void => {
    if ((flags & RESERVED) !== 0) throw new ZmtpError("COC_ZMTP_PROTOCOL", `frame flags ${flags} have reserved bits`);
    if ((flags & COMMAND) !== 0) {
      if ((flags & MORE) !== 0) throw new ZmtpError("COC_ZMTP_PROTOCOL", "a command cannot have more frames");
      if (length > 65_536) throw tooLong("command", length, 65_536);
      return;
    }
    if (limits.frames === 0) throw new ZmtpError("COC_ZMTP_PROTOCOL", "a message before the handshake was done");
    if (length > limits.frame) throw tooLong("frame", length, limits.frame);
    bytes += length;
    if (bytes > limits.message) throw tooLong("message", bytes, limits.message);
    if ((frames?.length ?? 1) >= limits.frames && first !== undefined) {
      throw new ZmtpError("COC_ZMTP_LIMIT", `a message has more than ${limits.frames} frames`);
    }
  };

  /** Reads whole frames; returns where the first incomplete one begins and sets what it needs. */
  const read = (chunk: Uint8Array): number => {
    const end = chunk.length;
    let at = 0;
    for (;;) {
      if (at === end) return at;
      const flags = chunk[at] as number;
      let start = at + 2;
      let length: number;
      if ((flags & LONG) === 0) {
        if (start > end) {
          needed = 2;
          return at;
        }
        length = chunk[at + 1] as number;
      } else {
        start = at + 9;
        if (start > end) {
          needed = 9;
          return at;
        }
        length = readLength(chunk, at + 1);
      }
      if (start + length > end) {
        // Checked here for a frame that is not whole; those that are, below. Never twice: see `resume`.
        if (!announced) {
          check(flags, length);
          announced = true;
        }
        needed = start - at + length;
        return at;
      }
      if (announced) announced = false;
      else check(flags, length);
      take(flags, length === 0 ? EMPTY : chunk.subarray(start, start + length));
      at = start + length;
    }
  };
  let announced = false;

  return {
    push(chunk) {
      let data = chunk;
      while (pieces.length > 0) {
        const missing = needed - pieces.length;
        if (data.length < missing) return pieces.add(data);
        pieces.add(data.subarray(0, missing));
        data = data.subarray(missing);
        // A frame alone, or only its head, which tells what else it needs.
        const joined = pieces.take();
        if (read(joined) === 0) pieces.add(joined);
      }
      const rest = read(data);
      if (rest < data.length) pieces.add(data.subarray(rest));
    },
  };
}

function readLength(chunk: Uint8Array, at: number): number {
  const high = uint32(chunk, at);
  if (high > 0x1f_ffff) throw new ZmtpError("COC_ZMTP_LIMIT", "a frame announces more than 2^53 bytes");
  return high * 0x1_0000_0000 + uint32(chunk, at + 4);
}

function uint32(chunk: Uint8Array, at: number): number {
  const [a, b, c, d] = [chunk[at], chunk[at + 1], chunk[at + 2], chunk[at + 3]] as [number, number, number, number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function tooLong(what: string, length: number, limit: number): ZmtpError {
  return new ZmtpError("COC_ZMTP_LIMIT", `a ${what} announces ${length} bytes, the limit is ${limit}`);
}
