import { z } from "@cocaine/core/plugin";
import { calendarOptions, timedDriver } from "@cocaine/drivers-timer";
import { createSchedule, isTimezone, problemOf, type Schedule } from "./schedule.ts";

/** Options of `cron`, as a manifest spells them. */
const cronOptions = z.strictObject({
  /** Minute, hour, day of month, month and day of week, with seconds in front if there are six. */
  schedule: z.string().superRefine((schedule, context) => {
    const problem = problemOf(schedule);
    if (problem === undefined) return;
    const form = "minute hour day month weekday, with seconds in front if you like";
    context.addIssue({ code: "custom", message: `${problem} (it is: ${form})` });
  }),
  /** IANA name of the zone whose clock the schedule means. Without it: that of the system. */
  timezone: z.string().refine(isTimezone, "the IANA name of a time zone, such as Europe/Berlin").optional(),
  ...calendarOptions,
});

export type CronOptions = z.output<typeof cronOptions>;

/**
 * The driver `cron`: runs its task by a schedule of cron. The answer goes to the app's feed.
 *
 * Where clocks are put forward or back it does as Debian's cron: see the README.
 */
export function cronDriver() {
  const schedules = new WeakMap<CronOptions, Schedule>();
  const scheduleOf = (options: CronOptions): Schedule => {
    const known = schedules.get(options);
    if (known !== undefined) return known;
    const made = createSchedule(options.schedule, options.timezone);
    schedules.set(options, made);
    return made;
  };
  return timedDriver({
    name: "cron",
    options: cronOptions,
    next: (after, { options }) => scheduleOf(options).next(after),
    info: ({ schedule, timezone }) => ({ schedule, ...(timezone !== undefined && { timezone }) }),
  });
}
