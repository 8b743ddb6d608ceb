import type { WorkerLink } from "../contracts/backend.ts";
import { Code, FRAME_LIMIT, WINDOW } from "../protocol/messages.ts";

/** Never added to: who drops a request takes no more of it. */
const NONE: Uint8Array[] = [];

/**
 * A job's request on its way to a worker: held until it cannot be needed again, and sent as far as the worker has given
 * credit for (docs/worker-protocol.md).
 */
export class RequestStream {
  #chunks: Uint8Array[];
  #held: number;
  #received: number;
  #ended: boolean;
  #sent = 0;
  #endSent = false;
  #consumed = false;
  #window = WINDOW;
  #callerWaits = false;

  /** @param ended - `chunk` is the whole request. */
  constructor(chunk: Uint8Array | undefined, ended: boolean) {
    this.#ended = ended;
    if (chunk === undefined || chunk.length > FRAME_LIMIT) {
      this.#chunks = [];
      this.#held = 0;
      this.#received = 0;
      if (chunk !== undefined) this.append(chunk);
    } else {
      this.#chunks = [chunk];
      this.#held = chunk.length;
      this.#received = chunk.length;
    }
  }

  /** The caller has given all of it. */
  get ended(): boolean {
    return this.#ended;
  }
  /** Bytes that the caller has given. */
  get received(): number {
    return this.#received;
  }
  /** Chunks were let go after the worker took them: it cannot be sent again. */
  get consumed(): boolean {
    return this.#consumed;
  }
  /** It fits into INVOKE. */
  get whole(): boolean {
    return this.#ended && this.#chunks.length <= 1;
  }
  /** All that the caller gave is sent, and the caller has not given all. */
  get starved(): boolean {
    return !this.#ended && this.#sent === this.#chunks.length;
  }

  append(chunk: Uint8Array): void {
    this.#held += chunk.length;
    this.#received += chunk.length;
    if (chunk.length <= FRAME_LIMIT) {
      this.#chunks.push(chunk);
      return;
    }
    for (let from = 0; from < chunk.length; from += FRAME_LIMIT) {
      this.#chunks.push(chunk.subarray(from, from + FRAME_LIMIT));
    }
  }

  end(): void {
    this.#ended = true;
  }

  /** Whether the caller may go on now, while the job waits or is `running`; if not, `drained()` says when. */
  takesMore(running: boolean): boolean {
    this.#callerWaits = running ? this.#window <= 0 : this.#held >= WINDOW;
    return !this.#callerWaits;
  }

  /** Whether a caller that had to wait may go on; said once. */
  drained(): boolean {
    if (!this.#callerWaits || this.#sent < this.#chunks.length || this.#window <= 0) return false;
    this.#callerWaits = false;
    return true;
  }

  /** @returns all of it; `undefined` if it is not here whole. */
  copy(): Buffer | undefined {
    return this.#ended && !this.#consumed ? Buffer.concat(this.#chunks) : undefined;
  }

  /** @returns the chunk that goes with INVOKE. */
  begin(): Uint8Array | undefined {
    const first = this.#chunks[0];
    this.#endSent = this.whole;
    if (first === undefined) return undefined;
    this.#sent = 1;
    this.#window -= first.length;
    return first;
  }

  /** Sends what there is credit for. */
  pump(link: WorkerLink, job: number): void {
    while (this.#sent < this.#chunks.length && this.#window > 0) {
      const chunk = this.#chunks[this.#sent++] as Uint8Array;
      this.#window -= chunk.length;
      this.#endSent = this.#ended && this.#sent === this.#chunks.length;
      link.send({ code: Code.WRITE, job, chunk, end: this.#endSent });
    }
    if (this.#ended && !this.#endSent && this.#sent === this.#chunks.length) {
      this.#endSent = true;
      link.send({ code: Code.WRITE, job, chunk: undefined, end: true });
    }
  }

  /** The worker took so many bytes. */
  credit(bytes: number): void {
    this.#window = Math.min(this.#window + bytes, WINDOW);
  }

  /** Lets go what was sent, but for a request of which no more than `keep` bytes are here. */
  forget(keep: number): void {
    if (this.#sent === 0 || (keep > 0 && this.#held <= keep)) return;
    for (const chunk of this.#chunks.splice(0, this.#sent)) this.#held -= chunk.length;
    this.#sent = 0;
    this.#consumed = true;
  }

  /** Another worker is to be sent it, from its beginning. */
  rewind(): void {
    this.#sent = 0;
    this.#endSent = false;
    this.#window = WINDOW;
  }

  /** Nobody needs it any more. */
  drop(): void {
    // Cheaper than to empty the one that is here.
    this.#chunks = NONE;
    this.#sent = 0;
  }
}
