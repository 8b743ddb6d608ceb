import type { DriverContext, JobOutcome } from "@cocaine/core/plugin";
import type { TimedOptions } from "./options.ts";

/** Runs that may wait for the one before them; more are left out. */
const WAITING_LIMIT = 1000;

/** A run that waits for the one before it. */
interface Run {
  /** When it is due, in milliseconds since the epoch. */
  readonly scheduledFor: number;
  /** How many earlier runs it makes up for. */
  readonly missed: number;
}

/** The runs of one timer: one at a time, in the order in which they are due. */
export interface Runs {
  /**
   * Starts a run that is due now; while another one runs it waits, is left out or takes its place, by `overlap`.
   *
   * @param scheduledFor - when it is due, in milliseconds since the epoch
   * @param missed - how many earlier runs it makes up for
   * @param late - one that was missed: it waits whatever `overlap` says
   * @returns whether it runs, or will.
   */
  make(scheduledFor: number, missed: number, late: boolean): boolean;
  /** Counts runs that are left out. */
  skip(count: number): void;
  /** Starts none until `release()`; those that wait go on waiting. */
  hold(): void;
  release(): void;
  /** Leaves out those that wait. Resolves when the one that runs has ended. */
  end(): Promise<void>;
  /** `runs` are those that have ended, `failed` the ones of them that did not end well. */
  info(): { runs: number; failed: number; replaced?: number; skipped: number; running: boolean };
}

/** @param onEnd - called when a run has ended. */
export function createRuns({ overlap }: TimedOptions, { publish, log }: DriverContext, onEnd: () => void): Runs {
  const waiting: Run[] = [];
  let held = false;
  let running = false;
  /** When the run under way was due. */
  let current = 0;
  /** Cancels it; where one may be replaced. */
  let cancel: AbortController | undefined;
  /** Who waits for it to end. */
  const waits: (() => void)[] = [];
  let runs = 0;
  let failed = 0;
  let replaced = 0;
  let skipped = 0;

  function begin(scheduledFor: number, missed: number): void {
    running = true;
    current = scheduledFor;
    const timer = { scheduledFor, firedAt: Date.now(), missed };
    if (overlap === "replace") cancel = new AbortController();
    // One function for all runs: there may be very many timers.
    void publish({ metadata: { timer } }, cancel?.signal).then(over);
  }

  function over(outcome: JobOutcome): void {
    count(outcome, current);
    running = false;
    onEnd();
    next();
    if (running) return;
    for (const ended of waits.splice(0)) ended();
  }

  function count(outcome: JobOutcome, scheduledFor: number): void {
    const error = outcome.status === "failed" ? outcome.error : undefined;
    if (error?.code === "COC_QUEUE_FULL") {
      skipped++;
      return;
    }
    if (outcome.status === "cancelled") {
      replaced++;
      return;
    }
    runs++;
    if (error === undefined) return;
    failed++;
    log.warn({ code: error.code, scheduledFor }, `a run failed: ${error.message}`);
  }

  function next(): void {
    const run = running || held ? undefined : waiting.shift();
    if (run !== undefined) begin(run.scheduledFor, run.missed);
  }

  return {
    make(scheduledFor, missed, late) {
      if (!running && !held && waiting.length === 0) begin(scheduledFor, missed);
      else if (overlap === "replace" && !late) {
        skipped += waiting.splice(0, waiting.length, { scheduledFor, missed }).length;
        cancel?.abort("the next run is due");
      } else if ((overlap === "queue" || late) && waiting.length < WAITING_LIMIT)
        waiting.push({ scheduledFor, missed });
      else {
        skipped++;
        return false;
      }
      return true;
    },
    skip(count) {
      skipped += count;
    },
    hold() {
      held = true;
    },
    release() {
      held = false;
      next();
    },
    async end() {
      skipped += waiting.splice(0).length;
      if (running) await new Promise<void>((resolve) => waits.push(resolve));
    },
    info: () => ({
      runs,
      failed,
      ...(overlap === "replace" && { replaced }),
      skipped,
      running,
    }),
  };
}
