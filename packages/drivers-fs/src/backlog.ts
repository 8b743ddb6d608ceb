import type { DriverContext, JobOutcome } from "@cocaine/core/plugin";
import type { FsEvent } from "./event.ts";

/** Jobs of one driver at once. */
const RUNNING_LIMIT = 16;
/** Paths that may wait. */
const WAITING_LIMIT = 100_000;
/** Milliseconds before a job that the engine had no room for is tried again. */
const PATIENCE = 100;
/** Failures that say nothing about the job itself: the app cannot take it now. */
const NOT_NOW = new Set(["COC_QUEUE_FULL", "COC_APP_FAILED", "COC_APP_PAUSED"]);

/**
 * Events that wait for their jobs. A path that changes again while it waits is told once, by what happened last. What
 * the app cannot take now stays here: a full queue loses no file.
 */
export class Backlog {
  readonly #context: DriverContext;
  readonly #waiting = new Map<string, FsEvent>();
  #running = 0;
  #held = false;
  #closed = false;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;

  constructor(context: DriverContext) {
    this.#context = context;
  }

  get waiting(): number {
    return this.#waiting.size;
  }
  get running(): number {
    return this.#running;
  }
  /** Events that found too many waiting. */
  get dropped(): number {
    return this.#dropped;
  }

  add(event: FsEvent): void {
    if (this.#closed) return;
    if (this.#waiting.size >= WAITING_LIMIT && !this.#waiting.has(event.path)) {
      this.#dropped++;
      this.#context.log.warn(
        { path: event.path, waiting: WAITING_LIMIT },
        "too many changes wait: this one is not told",
      );
      return;
    }
    this.#waiting.delete(event.path);
    this.#waiting.set(event.path, event);
    this.#next();
  }

  /** Starts no jobs until `release()`; events go on waiting. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#next();
  }

  /** Starts no more jobs; resolves when those that run have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    clearTimeout(this.#timer);
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  #next(): void {
    while (!this.#held && !this.#closed && this.#timer === undefined && this.#running < RUNNING_LIMIT) {
      const [event] = this.#waiting.values();
      if (event === undefined) return;
      this.#waiting.delete(event.path);
      this.#running++;
      const chunk = Buffer.from(event.path);
      void this.#context.publish({ chunk, metadata: { fs: event } }).then((outcome) => this.#ended(event, outcome));
    }
  }

  #ended(event: FsEvent, outcome: JobOutcome): void {
    this.#running--;
    if (this.#closed) {
      if (this.#running === 0) this.#idle?.();
      return;
    }
    if (outcome.status === "failed") this.#failed(event, outcome.error);
    this.#next();
  }

  #failed(event: FsEvent, error: { readonly code: string; readonly message: string }): void {
    if (!NOT_NOW.has(error.code)) {
      this.#context.log.warn({ path: event.path, event: event.event, code: error.code }, error.message);
      return;
    }
    if (!this.#waiting.has(event.path)) this.#waiting.set(event.path, event);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    }, PATIENCE);
  }
}
