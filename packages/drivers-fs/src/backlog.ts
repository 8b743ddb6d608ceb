import type { DriverContext, JobOutcome } from "@cocaine/core/plugin";
import type { FsEvent } from "./event.ts";
import { NOT_NOW } from "./not-now.ts";

/** Jobs of one driver at once. */
const RUNNING_LIMIT = 16;
/** Paths that may wait. */
const WAITING_LIMIT = 100_000;
/** Milliseconds before a job that the engine had no room for is tried again. */
const PATIENCE = 100;
/**
 * - `open`
 * - `held`: starts no jobs, events go on waiting
 * - `draining`: takes no events, runs those that wait
 * - `closed`: starts no jobs; those that run may still end
 */
type BacklogState = "open" | "held" | "draining" | "closed";

/**
 * Events that wait for their jobs. A path that changes again while it waits is told once, by what happened last. What
 * the app cannot take now stays here: a full queue loses no file.
 */
export class Backlog {
  readonly #context: DriverContext;
  readonly #waiting = new Map<string, FsEvent>();
  #running = 0;
  #state: BacklogState = "open";
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #drained: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

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
    if (this.#state === "draining" || this.#state === "closed") return;
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
    if (this.#state === "open") this.#state = "held";
  }

  release(): void {
    if (this.#state === "held") this.#state = "open";
    this.#next();
  }

  /**
   * Runs what waits as long as the app takes jobs: a full queue is waited for, a paused, failed or ending app is not.
   * Resolves when the last job has ended.
   */
  async drain(): Promise<void> {
    if (this.#state !== "closed") this.#state = "draining";
    this.#next();
    if (this.#isBusy()) {
      this.#drained ??= new Promise((resolve) => (this.#resolve = resolve));
      await this.#drained;
    }
    this.close();
  }

  /** Starts no more jobs; what waits is named in the log. */
  close(): void {
    this.#state = "closed";
    clearTimeout(this.#timer);
    if (this.#waiting.size > 0) {
      const paths = [...this.#waiting.keys()].slice(0, 20);
      this.#context.log.warn({ waiting: this.#waiting.size, paths }, `${this.#waiting.size} changes were not run`);
    }
    this.#waiting.clear();
    if (!this.#isBusy()) this.#resolve?.();
  }

  #isBusy(): boolean {
    return this.#running > 0 || this.#waiting.size > 0;
  }

  #mayStart(): boolean {
    const wanted = this.#state === "open" || this.#state === "draining";
    return wanted && this.#timer === undefined && this.#running < RUNNING_LIMIT;
  }

  #next(): void {
    while (this.#mayStart()) {
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
    if (outcome.status === "failed") this.#failed(event, outcome.error);
    this.#next();
    if (this.#state === "closed" && this.#running === 0) this.close();
    if (!this.#isBusy()) this.#resolve?.();
  }

  #failed(event: FsEvent, error: { readonly code: string; readonly message: string }): void {
    if (!NOT_NOW.has(error.code)) {
      this.#context.log.warn({ path: event.path, event: event.event, code: error.code }, error.message);
      return;
    }
    if (!this.#waiting.has(event.path)) this.#waiting.set(event.path, event);
    if (this.#state === "draining" && error.code !== "COC_QUEUE_FULL") this.#state = "closed";
    if (this.#state === "closed") return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    }, PATIENCE);
  }
}
