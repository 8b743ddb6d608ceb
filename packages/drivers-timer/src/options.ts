import { z } from "@cocaine/core/plugin";

/** Milliseconds, about 24 days; what is rarer is a matter of the calendar. */
const LONGEST_INTERVAL = 2_147_483_647;

/** Milliseconds between runs, as a manifest spells them. */
export const interval = z.int().min(1).max(LONGEST_INTERVAL);

/** The options that all timed drivers have, to be spread into the schema of one. */
export const timedOptions = {
  /** Each run is late by a random part of so many milliseconds, so that many apps do not run at the same moment. */
  jitter: z.int().min(0).max(LONGEST_INTERVAL).default(0),
  /** What becomes of a run that is due while the one before has not ended: left out, or run after it. */
  overlap: z.enum(["skip", "queue"]).default("skip"),
  /** What becomes of runs that were due while the app was paused: left out, or made up for by one run. */
  missed: z.enum(["skip", "once"]).default("skip"),
};

/** The options of drivers whose moments are those of a calendar, to be spread into the schema of one. */
export const calendarOptions = {
  jitter: timedOptions.jitter,
  /** As for all, and `replace`: the run before is cancelled. */
  overlap: z.enum(["skip", "queue", "replace"]).default("skip"),
  /**
   * What becomes of runs that were due while the app was paused or the server did not run: left out, made up for by one
   * run, or by one each.
   */
  missed: z.enum(["skip", "once", "all"]).default("skip"),
  /** Seconds after which a missed run is not made up for any more. */
  "missed-grace": z
    .number()
    .positive()
    .max(366 * 86_400)
    .default(86_400),
};

/** What {@link timedOptions} and {@link calendarOptions} are parsed to. */
export interface TimedOptions {
  readonly jitter: number;
  readonly overlap: "skip" | "queue" | "replace";
  readonly missed: "skip" | "once" | "all";
  readonly "missed-grace"?: number;
}
