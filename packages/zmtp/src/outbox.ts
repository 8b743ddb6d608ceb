import type { Socket } from "node:net";
import { createEncoder, type Frame } from "./encoder.ts";

// As in libzmq. In a busy turn the peer begins with the first messages while the rest are still being made.
const BATCH = 8192;

/** What waits to be sent to one peer. What comes in a turn of the loop leaves in one write, or in batches if it is much. */
export class Outbox {
  readonly #socket: Socket;
  readonly #highWaterMark: number;
  readonly #onDrain: () => void;
  readonly #encoder = createEncoder();
  #scheduled = false;
  #full = false;

  /** @param onDrain - fewer bytes than `highWaterMark` wait, after there were more. */
  constructor(socket: Socket, highWaterMark: number, onDrain: () => void) {
    this.#socket = socket;
    this.#highWaterMark = highWaterMark;
    this.#onDrain = onDrain;
  }

  /** Whether as much waits, here and in the socket, as may. */
  get full(): boolean {
    return this.#encoder.length + this.#socket.writableLength >= this.#highWaterMark;
  }

  /** @returns `false` above the high-water mark; the message is queued all the same. */
  message(frames: readonly Frame[]): boolean {
    this.#encoder.message(frames);
    if (!this.#scheduled) this.#schedule();
    else if (this.#encoder.length >= BATCH && this.#socket.writableLength === 0) this.#writeBatch();
    if (!this.full) return true;
    this.#full = true;
    return false;
  }

  command(body: Uint8Array): void {
    this.#encoder.command(body);
    if (!this.#scheduled) this.#schedule();
  }

  raw(bytes: Uint8Array): void {
    this.#encoder.raw(bytes);
    if (!this.#scheduled) this.#schedule();
  }

  /** Gives all that waits to the socket. */
  readonly flush = (): void => {
    this.#scheduled = false;
    const socket = this.#socket;
    if (this.#encoder.length === 0 || socket.destroyed || socket.writableEnded || socket.readableEnded) return;
    const buffers = this.#encoder.take();
    const last = buffers.pop() as Uint8Array;
    if (buffers.length > 0) {
      socket.cork();
      for (const buffer of buffers) socket.write(buffer);
    }
    // Told when the kernel has taken the last of it, but only while somebody waits to hear of it.
    if (this.#full) socket.write(last, this.#written);
    else socket.write(last);
    if (buffers.length > 0) socket.uncork();
  };

  #writeBatch(): void {
    this.flush();
    // The flush at the end of the turn still comes.
    this.#scheduled = true;
  }

  #schedule(): void {
    this.#scheduled = true;
    process.nextTick(this.flush);
  }

  readonly #written = (): void => {
    if (!this.#full || this.full || this.#socket.destroyed) return;
    this.#full = false;
    this.#onDrain();
  };
}
