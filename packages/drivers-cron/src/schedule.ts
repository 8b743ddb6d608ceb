import { messageOf } from "@cocaine/core/plugin";
import { Cron } from "croner";

/** The moments of a cron schedule. */
export interface Schedule {
  /** The first moment after `after`, in milliseconds since the epoch; `undefined`: there is none. */
  next(after: number): number | undefined;
}

/**
 * Reads a schedule.
 *
 * @param timezone - IANA name of the zone whose clock it means; without it that of the system.
 * @throws Error that says what is wrong with it.
 */
export function createSchedule(schedule: string, timezone?: string): Schedule {
  // Paused: it only computes, and has no timer.
  const cron = new Cron(schedule, { mode: "5-or-6-parts", paused: true, ...(timezone !== undefined && { timezone }) });
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() };
}

/** What is wrong with a schedule; `undefined`: nothing. */
export function problemOf(schedule: string): string | undefined {
  try {
    // In any zone: a date that never comes comes in none.
    return createSchedule(schedule, "UTC").next(Date.now()) === undefined ? "such a date never comes" : undefined;
  } catch (error) {
    return messageOf(error).replace(/^CronPattern: /, "");
  }
}

/** Whether this system knows a time zone. */
export function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
