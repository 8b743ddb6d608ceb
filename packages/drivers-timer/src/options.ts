import { z } from "@cocaine/core/plugin";

/** Milliseconds, about 24 days; what is rarer is a matter of the calendar. */
const LONGEST = 2_147_483_647;

/** Options of `auto`, as a manifest spells them. */
export const autoOptions = z
  .strictObject({
    /** Milliseconds from one run to the next. */
    interval: z.int().min(1).max(LONGEST),
    /** The first run at once, not after one interval. */
    immediate: z.boolean().default(false),
    /** Each run is late by a random part of so many milliseconds, so that many apps do not run at the same moment. */
    jitter: z.int().min(0).max(LONGEST).default(0),
    /** What becomes of a run that is due while the one before has not ended: left out, or run after it. */
    overlap: z.enum(["skip", "queue"]).default("skip"),
    /** What becomes of runs that were due while the app was paused: left out, or made up for by one run. */
    missed: z.enum(["skip", "once"]).default("skip"),
  })
  .refine(({ interval, jitter }) => jitter === 0 || jitter < interval, {
    path: ["jitter"],
    message: "less than the interval",
  });

export type AutoOptions = z.output<typeof autoOptions>;
