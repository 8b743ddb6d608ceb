import { z } from "@cocaine/core/plugin";
import { interval, timedOptions } from "./options.ts";
import { timedDriver } from "./timed-driver.ts";

/** Options of `drifting-timer`, as a manifest spells them. */
const driftingOptions = z
  .strictObject({
    /** Milliseconds from the end of one run to the next. */
    interval,
    jitter: timedOptions.jitter,
  })
  .transform((options) => ({ ...options, overlap: "skip", missed: "once" }) as const);

export type DriftingOptions = z.output<typeof driftingOptions>;

/**
 * The driver `drifting-timer`: runs its task `interval` milliseconds after the run before has ended. The answer goes to
 * the app's feed.
 */
export function driftingTimerDriver() {
  return timedDriver({
    name: "drifting-timer",
    options: driftingOptions,
    clock: "monotonic",
    next(after, { options, started, last, ended }) {
      if (last === undefined) return Math.max(started + options.interval, after);
      return ended === undefined ? undefined : Math.max(ended + options.interval, after);
    },
    info: ({ interval }) => ({ interval }),
  });
}
