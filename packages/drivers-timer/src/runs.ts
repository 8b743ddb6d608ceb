import type { DriverContext } from "@cocaine/core/plugin";
import type { TimedOptions } from "./options.ts";

/** Runs that may wait for the one before them; more are left out. */
const WAITING_LIMIT = 1000;

/** A run as the worker is told of it, in `timer` of the job's metadata. */
export interface Run {
  /** When it is due, in milliseconds since the epoch. */
  readonly scheduledFor: number;
  /** How many earlier runs it makes up for. */
  readonly missed: number;
}

/** The runs of one timer: one at a time, in the order in which they are due. */
export interface Runs {
  /**
   * Starts a run that is due now; while another one runs it waits or is left out, by `overlap`.
   *
   * @returns whether it runs, or will.
   */
  make(run: Run): boolean;
  /** Counts runs that are left out. */
  skip(count: number): void;
  /** Starts none until `release()`; those that wait go on waiting. */
  hold(): void;
  release(): void;
  /** Leaves out those that wait. Resolves when the one that runs has ended. */
  end(): Promise<void>;
  /** `runs` are those that have ended, `failed` the ones of them that did not end well. */
  info(): { runs: number; failed: number; skipped: number; running: boolean };
}

/** @param onEnd - called when a run has ended. */
export function createRuns({ overlap }: TimedOptions, { publish, log }: DriverContext, onEnd: () => void): Runs {
  const waiting: Run[] = [];
  let held = false;
  let running: Promise<void> | undefined;
  let runs = 0;
  let failed = 0;
  let skipped = 0;

  const publishRun = async (run: Run): Promise<void> => {
    const timer = { scheduledFor: run.scheduledFor, firedAt: Date.now(), missed: run.missed };
    const outcome = await publish({ metadata: { timer } });
    const error = outcome.status === "failed" ? outcome.error : undefined;
    if (error?.code === "COC_QUEUE_FULL") {
      skipped++;
      return;
    }
    runs++;
    if (error === undefined) return;
    failed++;
    log.warn({ code: error.code, scheduledFor: run.scheduledFor }, `a run failed: ${error.message}`);
  };
  const next = (): void => {
    const run = running === undefined && !held ? waiting.shift() : undefined;
    if (run === undefined) return;
    running = publishRun(run).then(() => {
      running = undefined;
      onEnd();
      next();
    });
  };

  return {
    make(run) {
      const room = overlap === "queue" ? WAITING_LIMIT : 0;
      if (running !== undefined && waiting.length >= room) {
        skipped++;
        return false;
      }
      waiting.push(run);
      next();
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
      await running;
    },
    info: () => ({ runs, failed, skipped, running: running !== undefined }),
  };
}
