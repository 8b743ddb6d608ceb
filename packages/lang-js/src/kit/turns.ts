/** Milliseconds that answers may wait for others to leave with. */
export const PATIENCE = 1;

/**
 * Hands on the messages of one read. Answers leave when the turn of the loop ends; when the messages of a read take
 * longer than `PATIENCE`, the turn is ended and the rest handed on in the next.
 */
export class Turns {
  readonly #receive: (frames: Uint8Array[]) => void;
  #began = 0;
  #late: Uint8Array[][] = [];

  constructor(receive: (frames: Uint8Array[]) => void) {
    this.#receive = receive;
  }

  take(frames: Uint8Array[]): void {
    if (this.#late.length > 0 || this.#spent()) this.#postpone(frames);
    else this.#receive(frames);
  }

  #spent(): boolean {
    if (this.#began !== 0) return performance.now() - this.#began > PATIENCE;
    this.#began = performance.now();
    process.nextTick(this.#endTurn);
    return false;
  }

  readonly #endTurn = (): void => {
    this.#began = 0;
  };

  #postpone(frames: Uint8Array[]): void {
    if (this.#late.push(frames) === 1) setImmediate(this.#goOn);
  }

  readonly #goOn = (): void => {
    const late = this.#late;
    let at = 0;
    while (at < late.length && !this.#spent()) this.#receive(late[at++] as Uint8Array[]);
    this.#late = late.slice(at);
    if (this.#late.length > 0) setImmediate(this.#goOn);
  };
}
