import { defineDriver } from "@cocaine/core/plugin";
import type { TimedDefinition } from "./definition.ts";
import type { TimedOptions } from "./options.ts";
import { Timed } from "./timed.ts";

/**
 * Makes a driver whose runs are due at moments that `next()` tells, one by one. What the moments have in common is done
 * here: overlap, missed runs, jitter, pausing, long waits, clocks that are set. The answer of each run goes to the app's
 * feed; the worker finds `{ scheduledFor, firedAt, missed }` as `timer` in the job's metadata.
 *
 * @example
 * ```ts
 * export function hourlyDriver() {
 *   return timedDriver({
 *     name: "hourly",
 *     options: z.strictObject({ ...timedOptions, minute: z.int().min(0).max(59).default(0) }),
 *     next: (after, { options: { minute } }) => {
 *       const moment = new Date(after).setMinutes(minute, 0, 0);
 *       return moment > after ? moment : moment + 3_600_000;
 *     },
 *   });
 * }
 * ```
 */
export function timedDriver<Options extends TimedOptions>(definition: TimedDefinition<Options>) {
  const { name, aliases, options } = definition;
  return defineDriver({
    name,
    ...(aliases !== undefined && { aliases }),
    options,
    policy: { cluster: "once" },
    create: (own: Options, context) => new Timed(definition, own, context),
  });
}
