import type { Frame } from "@cocaine/zmtp";
import type { Link } from "./wire.ts";

/** What a link needs of its socket. */
export interface LinkOwner {
  /** Bytes that may wait for a link, and bytes that it may have sent before it is read from again. */
  readonly hwm: number;
  /** Something waits for the link. */
  wake(link: LibzmqLink): void;
  drained(link: LibzmqLink): void;
  resumed(link: LibzmqLink): void;
  /** Its owner wants it gone, or it sent more than can be kept. */
  end(link: LibzmqLink, error?: Error): void;
}

/** A peer of a libzmq socket: what waits for it and, while it is paused, of it. */
export class LibzmqLink implements Link {
  readonly remote: string;
  readonly routingId: Uint8Array;
  data: unknown = undefined;
  paused = false;
  gone = false;
  /** Messages that came while it was paused. */
  readonly late: Uint8Array[][] = [];
  readonly #owner: LinkOwner;
  readonly #queue: (readonly Frame[])[] = [];
  #bytes = 0;
  #full = false;
  #lateBytes = 0;

  constructor(owner: LinkOwner, routingId: Uint8Array) {
    this.#owner = owner;
    this.routingId = routingId;
    this.remote = routingId.length === 0 ? "peer" : `client ${Buffer.from(routingId).toString("hex")}`;
  }

  send(frames: readonly Frame[]): boolean {
    if (this.gone) return false;
    this.#queue.push(frames);
    this.#bytes += sizeOf(frames);
    this.#owner.wake(this);
    this.#full = this.#bytes >= this.#owner.hwm;
    return !this.#full;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#owner.resumed(this);
  }

  close(): void {
    this.#owner.end(this);
  }

  /** The oldest message that waits for it. */
  get first(): readonly Frame[] | undefined {
    return this.#queue[0];
  }

  /** The oldest message was sent. */
  shift(): void {
    const frames = this.#queue.shift();
    if (frames === undefined) return;
    this.#bytes -= sizeOf(frames);
    if (!this.#full || this.#bytes >= this.#owner.hwm) return;
    this.#full = false;
    this.#owner.drained(this);
  }

  /** Keeps a message until `resume()`; one that sends too many is let go, since libzmq cannot hold one peer alone. */
  keep(frames: Uint8Array[]): void {
    this.late.push(frames);
    this.#lateBytes += sizeOf(frames);
    if (this.#lateBytes <= this.#owner.hwm) return;
    this.#owner.end(this, new Error(`it sent more than ${this.#owner.hwm} bytes without reading its replies`));
  }

  /** The oldest message that was kept. */
  take(): Uint8Array[] | undefined {
    const frames = this.late.shift();
    if (frames !== undefined) this.#lateBytes -= sizeOf(frames);
    return frames;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.gone = true;
    this.#queue.length = 0;
    this.late.length = 0;
  }
}

function sizeOf(frames: readonly Frame[]): number {
  // A frame costs its view beside its bytes.
  return frames.reduce((sum, frame) => sum + frame.length + 64, 0);
}
