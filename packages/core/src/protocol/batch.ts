import type { MessageFrame } from "./codec.ts";

// Messages between threads: those of one turn of the loop as one ArrayBuffer, which is handed over, not copied
// (docs/worker-protocol.md, Threads). A view of its own for each frame would be cloned with all that lies behind it.

const SMALLEST = 16_384;
/** The most bytes that one character of a string takes. */
const UTF8_MOST = 3;
const LENGTH = 4;

/** Collects messages. */
export class BatchWriter {
  #bytes = Buffer.allocUnsafeSlow(SMALLEST);
  #length = 0;

  /** Bytes that are waiting. */
  get length(): number {
    return this.#length;
  }

  /** Copies the frames of a message. */
  add(frames: readonly MessageFrame[]): void {
    let most = 1;
    for (const frame of frames) most += LENGTH + (typeof frame === "string" ? frame.length * UTF8_MOST : frame.length);
    this.#reserve(this.#length + most);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = frames.length;
    for (const frame of frames) {
      const from = at + LENGTH;
      if (typeof frame === "string") at = from + bytes.write(frame, from, "utf8");
      else {
        bytes.set(frame, from);
        at = from + frame.length;
      }
      bytes.writeUInt32LE(at - from, from - LENGTH);
    }
    this.#length = at;
  }

  /** All that waits, as a buffer of its own. */
  take(): ArrayBuffer {
    const { buffer, byteOffset } = this.#bytes;
    const batch = buffer.slice(byteOffset, byteOffset + this.#length) as ArrayBuffer;
    this.#length = 0;
    return batch;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(size, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Hands on the messages of a batch in their order; the frames are views of it. */
export function readBatch(batch: ArrayBuffer, onMessage: (frames: Uint8Array[]) => void): void {
  const bytes = Buffer.from(batch);
  let at = 0;
  while (at < bytes.length) {
    const frames: Uint8Array[] = new Array(bytes[at++] as number);
    for (let index = 0; index < frames.length; index++) {
      const from = at + LENGTH;
      at = from + bytes.readUInt32LE(at);
      frames[index] = bytes.subarray(from, at);
    }
    onMessage(frames);
  }
}
