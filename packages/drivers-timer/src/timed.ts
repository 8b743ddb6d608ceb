import type { Driver, DriverContext, Logger } from "@cocaine/core/plugin";
import { type Bookmark, createBookmark } from "./bookmark.ts";
import { longest, now } from "./clock.ts";
import type { TimedDefinition, TimedState } from "./definition.ts";
import type { TimedOptions } from "./options.ts";
import { createRuns, type Runs } from "./runs.ts";

/**
 * - `idle`: not started
 * - `running`: the timer is set, or the end of a run is waited for
 * - `paused`: moments pass without a run
 * - `closed`: no run starts any more; one that runs may still end
 */
type State = "idle" | "running" | "paused" | "closed";

/** Moments that are counted when they have passed; beyond them it is only known that there were more. */
const COUNTED = 10_000;
/** Milliseconds that a run may be late, of a busy process, before it is a missed one. */
const LATE = 60_000;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Moments that have passed. */
interface Passed {
  /** The last of them. */
  readonly last: number;
  /** How many came before it. */
  readonly count: number;
}

/** A driver whose runs are due at moments that a definition tells one by one. */
export class Timed<Options extends TimedOptions> implements Driver {
  readonly #definition: TimedDefinition<Options>;
  readonly #options: Options;
  readonly #runs: Runs;
  readonly #log: Logger;
  /** What has been seen to is kept over restarts. */
  readonly #bookmark: Bookmark | undefined;
  readonly #now: () => number;
  readonly #longest: number;
  /** What `next()` is told: one object, since it is asked for each run of very many timers. */
  readonly #told: Mutable<TimedState<Options>>;
  #state: State = "idle";
  #started = 0;
  #last: number | undefined;
  #ended: number | undefined;
  /** The moment that is waited for. */
  #next: number | undefined;
  /** When its run begins: it and its jitter. */
  #due = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What it was set for; it is used again for the same delay. */
  #delay = -1;

  constructor(definition: TimedDefinition<Options>, options: Options, context: DriverContext) {
    const { clock = "wall" } = definition;
    this.#definition = definition;
    this.#options = options;
    this.#log = context.log;
    this.#told = { options, started: 0, last: undefined, ended: undefined };
    this.#now = now[clock];
    this.#longest = longest[clock];
    this.#runs = createRuns(options, context, () => this.#over());
    // Alone, the monotonic clock begins anew with each process, and nothing is made up for by `skip`. In a cluster the
    // next holder of the lease goes on where this one ends.
    const durable = context.lease !== undefined || (clock === "wall" && options.missed !== "skip");
    this.#bookmark = durable ? createBookmark(options, context.state) : undefined;
  }

  async start(): Promise<void> {
    if (this.#state !== "idle") return;
    const until = await this.#bookmark?.find();
    if (this.#state !== "idle") return;
    this.#state = "running";
    const at = this.#now();
    this.#started = at;
    if (until === undefined) {
      this.#keep(at);
      return this.#plan(at);
    }
    const monotonic = this.#definition.clock === "monotonic";
    if (!monotonic && until > at + LATE) this.#warnAhead(until);
    this.#plan(monotonic ? this.#goOn(until) : until);
    if (this.#next !== undefined && this.#next <= at) this.#makeUp(at, 0);
  }

  /** What was run is not run again, also where the clock says that it is still to come. */
  #warnAhead(until: number): void {
    const moment = new Date(until).toISOString();
    this.#log.warn(
      { until: moment },
      `runs until ${moment} were made already, by a clock that is ahead of this one, and nothing runs before that: set the clocks`,
    );
  }

  /** Counts intervals on from the run of another process before. @returns when that was, by the own clock */
  #goOn(until: number): number {
    // One that is still to come is of a machine whose clock is ahead.
    this.#started = Math.min(until - Date.now() + this.#now(), this.#started);
    this.#last = this.#started;
    this.#ended = this.#started;
    return this.#started;
  }

  #keep(until: number): void {
    if (this.#bookmark !== undefined) this.#bookmark.put(this.#wallTime(until));
  }

  pause(): void {
    if (this.#state !== "running") return;
    this.#state = "paused";
    this.#disarm();
    this.#runs.hold();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    this.#runs.release();
    const at = this.#now();
    const next = this.#next;
    if (next === undefined) return this.#plan(at);
    if (next > at) this.#arm(at);
    else this.#makeUp(at, 0);
  }

  async drain(): Promise<void> {
    await this.close();
    await this.#runs.end();
  }

  async close(): Promise<void> {
    this.#state = "closed";
    this.#disarm();
    void this.#runs.end();
  }

  info(): Record<string, unknown> {
    const next = this.#state === "running" ? this.#next : undefined;
    return {
      ...this.#definition.info?.(this.#options),
      ...(next !== undefined && { next: new Date(this.#wallTime(next)).toISOString() }),
      ...this.#runs.info(),
    };
  }

  #nextAfter(after: number, last: number | undefined, ended: number | undefined): number | undefined {
    const told = this.#told;
    told.started = this.#started;
    told.last = last;
    told.ended = ended;
    return this.#definition.next(after, told);
  }

  #plan(after: number): void {
    const next = this.#nextAfter(after, this.#last, this.#ended);
    if (next !== undefined) return this.#wait(next, this.#now());
    this.#next = undefined;
    this.#disarm();
  }

  /** Waits for a moment, and its jitter. */
  #wait(next: number, now: number): void {
    const { jitter } = this.#options;
    this.#next = next;
    this.#due = jitter === 0 ? next : next + Math.random() * jitter;
    this.#arm(now);
  }

  #arm(now: number): void {
    const delay = Math.min(Math.max(0, Math.ceil(this.#due - now)), this.#longest);
    // A millisecond of lateness is not worth another timer; moments do not drift by it.
    if (this.#timer !== undefined && (delay === this.#delay || (delay > 1 && delay === this.#delay - 1))) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#delay = delay;
    this.#timer = setTimeout(this.#fire, delay);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #fire = (): void => {
    const at = this.#now();
    // A timer may fire up to a millisecond early, and a delay may be longer than one timer waits.
    if (at < this.#due) return this.#arm(at);
    // It may also fire late by any time: a busy loop, a suspended machine. What jitter alone delays is not missed.
    const until = at - this.#options.jitter;
    const moment = this.#next as number;
    const later = this.#nextAfter(moment, moment, undefined);
    const alone = later === undefined || later > until;
    if (!alone || until - moment > LATE) return this.#makeUp(until, LATE);
    // As it is nearly always: one run, on time, and what comes after it is known.
    const made = this.#make(moment, 0, false);
    this.#keep(moment);
    if (made && later !== undefined) this.#wait(later, at);
    else this.#plan(moment);
  };

  /**
   * Makes the runs that are due by now, as `missed` says, and plans the next.
   *
   * @param patience - milliseconds that the last of them may be late without being a missed one.
   */
  #makeUp(at: number, patience: number): void {
    const { missed } = this.#options;
    const first = this.#firstInGrace(this.#next as number, at);
    if (first === undefined) {
      this.#keep(at);
      return this.#plan(at);
    }
    const { last, count } = this.#passed(first, at, missed === "all");
    const late = at - last > patience;
    if (missed === "skip") this.#runs.skip(late ? count + 1 : count);
    if (missed !== "skip" || !late) this.#make(last, missed === "once" ? count : 0, late);
    this.#keep(last);
    this.#plan(last);
  }

  /** The first moment that is not too long ago to be made up for; `undefined`: none is. */
  #firstInGrace(moment: number, at: number): number | undefined {
    const { missed, "missed-grace": grace = Number.POSITIVE_INFINITY } = this.#options;
    const begin = at - grace * 1000;
    if (missed === "skip" || moment >= begin) return moment;
    this.#runs.skip(1);
    const first = this.#nextAfter(begin, moment, undefined);
    return first === undefined || first > at ? undefined : first;
  }

  /**
   * The moments from this one on that are not after `at`, as if no run ended meanwhile.
   *
   * @param each - make the runs of all but the last.
   */
  #passed(moment: number, at: number, each: boolean): Passed {
    let last = moment;
    for (let count = 0; count < COUNTED; count++) {
      const later = this.#nextAfter(last, last, undefined);
      if (later === undefined || later > at) return { last, count };
      if (each) this.#make(last, 0, true);
      last = later;
    }
    return { last: at, count: COUNTED };
  }

  /** A run is due, in place of `missed` earlier ones as well. @param late it is a missed one itself */
  #make(moment: number, missed: number, late: boolean): boolean {
    if (!this.#runs.make(Math.round(this.#wallTime(moment)), missed, late)) return false;
    this.#last = moment;
    this.#ended = undefined;
    return true;
  }

  #over(): void {
    this.#ended = this.#now();
    if (this.#state === "running" && this.#next === undefined) this.#plan(this.#ended);
  }

  /** Milliseconds since the epoch of a moment, by the wall clock as it is now. */
  #wallTime(moment: number): number {
    return this.#definition.clock === "monotonic" ? Date.now() + moment - this.#now() : moment;
  }
}
