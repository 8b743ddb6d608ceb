import type { WorkerLink } from "../contracts/backend.ts";
import { Code, FRAME_LIMIT, WINDOW } from "../protocol/messages.ts";
import type { Worker } from "./worker.ts";

/**
 * A job's stay with one worker: where its messages go, and the credit of its response (docs/worker-protocol.md). Made
 * when the job is sent, so that those that wait are small.
 */
export class Run {
  readonly worker: Worker;
  readonly link: WorkerLink;
  /** The job's number on the link. */
  readonly number: number;
  /** A response chunk has reached the caller: the job cannot be run again. */
  answered = false;
  /** The worker is killed if it does not end the job soon. */
  condemned = false;
  /** The caller takes no more for now, so that the worker is given no credit. */
  paused = false;
  /** A chunk went either way since somebody looked. */
  moved = true;
  movedAt = 0;
  #window = WINDOW;
  #ungranted = 0;

  constructor(worker: Worker, link: WorkerLink, number: number) {
    this.worker = worker;
    this.link = link;
    this.number = number;
  }

  /**
   * Response bytes came.
   *
   * @returns `false` when the worker sent more than it was given credit for.
   */
  spend(bytes: number): boolean {
    this.moved = true;
    this.#window -= bytes;
    this.#ungranted += bytes;
    return this.#window >= -FRAME_LIMIT;
  }

  /** Gives credit for what was taken, once it is worth a message. */
  grantSome(): void {
    if (!this.paused && this.#ungranted >= WINDOW / 2) this.grant();
  }

  /** Gives credit for all that was taken, from now on too. */
  grant(): void {
    this.paused = false;
    if (this.#ungranted === 0) return;
    this.#window += this.#ungranted;
    this.link.send({ code: Code.CREDIT, job: this.number, bytes: this.#ungranted });
    this.#ungranted = 0;
  }
}
