import { z } from "@cocaine/core/plugin";
import { interval, timedOptions } from "./options.ts";
import { timedDriver } from "./timed-driver.ts";

/** Options of `auto`, as a manifest spells them. */
const autoOptions = z
  .strictObject({
    /** Milliseconds from one run to the next. */
    interval,
    /** The first run at once, not after one interval. */
    immediate: z.boolean().default(false),
    ...timedOptions,
  })
  .refine(({ interval, jitter }) => jitter === 0 || jitter < interval, {
    path: ["jitter"],
    message: "less than the interval",
  });

export type AutoOptions = z.output<typeof autoOptions>;

/** Milliseconds by which sums of moments may be off: less than any interval. */
const EXACT = 0.01;

/**
 * The driver `auto`, also known by its older names `timed+auto` and `recurring-timer`: runs its task every `interval`
 * milliseconds, on a grid that does not drift. The answer goes to the app's feed.
 */
export function autoDriver() {
  return timedDriver({
    name: "auto",
    aliases: ["timed+auto", "recurring-timer"],
    options: autoOptions,
    clock: "monotonic",
    next(after, { options, started, last }) {
      if (options.immediate && last === undefined && after <= started) return started;
      return started + (Math.floor((after - started + EXACT) / options.interval) + 1) * options.interval;
    },
    info: ({ interval }) => ({ interval }),
  });
}
