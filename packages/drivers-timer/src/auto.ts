import type { Driver, DriverContext } from "@cocaine/core/plugin";
import { createGrid, type Grid } from "./grid.ts";
import type { AutoOptions } from "./options.ts";
import { createRuns, type Runs } from "./runs.ts";

/**
 * - `idle`: not started
 * - `running`: the timer is set
 * - `paused`: moments pass without a run
 * - `closed`: no run starts any more; one that runs may still end
 */
type AutoState = "idle" | "running" | "paused" | "closed";

/** The longest delay of setTimeout(), which counts 31 bits of milliseconds: a longer one would fire at once. */
const LONGEST = 2_147_483_647;

/** The driver `auto`: a job every `interval` milliseconds. */
export class Auto implements Driver {
  readonly #options: AutoOptions;
  readonly #runs: Runs;
  #state: AutoState = "idle";
  #grid: Grid = createGrid(0, 1);
  /** Number of the moment that the timer is set for. */
  #next = 0;
  /** Monotonic milliseconds of its run: the moment and its jitter. */
  #due = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AutoOptions, context: DriverContext) {
    this.#options = options;
    this.#runs = createRuns(options, context);
  }

  async start(): Promise<void> {
    if (this.#state !== "idle") return;
    this.#state = "running";
    this.#grid = createGrid(performance.now(), this.#options.interval);
    this.#plan(this.#options.immediate ? 0 : 1);
  }

  pause(): void {
    if (this.#state !== "running") return;
    this.#state = "paused";
    clearTimeout(this.#timer);
    this.#runs.hold();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    this.#runs.release();
    const last = this.#grid.at(performance.now());
    const missed = last - this.#next + 1;
    if (missed <= 0) return this.#arm();
    if (this.#options.missed === "once") this.#make(last, missed - 1);
    else this.#runs.skip(missed);
    this.#plan(last + 1);
  }

  async drain(): Promise<void> {
    await this.close();
    await this.#runs.end();
  }

  async close(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#timer);
    void this.#runs.end();
  }

  info(): Record<string, unknown> {
    const { interval } = this.#options;
    const next = this.#state === "running" ? new Date(this.#wallTime(this.#next)).toISOString() : undefined;
    return { interval, ...(next !== undefined && { next }), ...this.#runs.info() };
  }

  #plan(moment: number): void {
    this.#next = moment;
    this.#due = this.#grid.moment(moment) + Math.random() * this.#options.jitter;
    this.#arm();
  }

  #arm(): void {
    const delay = Math.ceil(this.#due - performance.now());
    this.#timer = setTimeout(this.#fire, Math.min(Math.max(0, delay), LONGEST));
  }

  readonly #fire = (): void => {
    const now = performance.now();
    // A timer may fire up to a millisecond early, and a delay may be longer than one timer can wait.
    if (now < this.#due) return this.#arm();
    // It may also fire late by any time: a busy loop, a suspended machine. What jitter alone delays is not missed.
    const last = Math.max(this.#next, this.#grid.at(now - this.#options.jitter));
    const passed = last - this.#next;
    if (this.#options.missed === "skip") this.#runs.skip(passed);
    this.#make(last, this.#options.missed === "once" ? passed : 0);
    this.#plan(last + 1);
  };

  /** A run is due, in place of `missed` earlier ones as well. */
  #make(moment: number, missed: number): void {
    this.#runs.make({ scheduledFor: Math.round(this.#wallTime(moment)), missed });
  }

  /** Milliseconds since the epoch of a moment, by the wall clock as it is now. */
  #wallTime(moment: number): number {
    return Date.now() + this.#grid.moment(moment) - performance.now();
  }
}
