import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createSchedule } from "../src/schedule.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const HOUR = 3_600_000;

/** The days on which clocks are put forward and back. */
const DAYS = [
  ["Europe/Berlin", ["2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31"]],
  ["America/New_York", ["2026-03-08", "2026-11-01", "2027-03-14", "2027-11-07"]],
] as const;

const SCHEDULES = [
  "30 2 * * *",
  "0 2 * * *",
  "59 1 * * *",
  "30 1 * * *",
  "0 3 * * *",
  "0 0,12 * * *",
  "*/15 * * * *",
  "0 * * * *",
  "30 * * * *",
  "0 */2 * * *",
  "*/30 2 * * *",
  "* 2 * * *",
  "*/20 1-2 * * *",
  "30 2 * * 0",
  "30 2 29 3 *",
];

type Question = readonly [schedule: string, zone: string, begin: number, end: number];

/** From 4 hours before the day to 2 hours after it, by UTC: with all of it in both zones. */
const questions: Question[] = DAYS.flatMap(([zone, days]) =>
  days.flatMap((day) => {
    const begin = Date.parse(day) - 4 * HOUR;
    return SCHEDULES.map((schedule): Question => [schedule, zone, begin, begin + 30 * HOUR]);
  }),
);

function ours([schedule, zone, begin, end]: Question): number[] {
  const { next } = createSchedule(schedule, zone);
  const moments: number[] = [];
  for (let at = next(begin); at !== undefined && at < end; at = next(at)) moments.push(at);
  return moments;
}

const local = (moments: readonly number[], timeZone: string) =>
  moments.map((at) => new Date(at).toLocaleTimeString("sv", { timeZone, hour: "2-digit", minute: "2-digit" }));

describe("on the days when clocks are put forward or back", () => {
  it(`${SCHEDULES.length} schedules in two zones are due when Debian's cron has them due`, () => {
    const output = execFileSync(path("../../../.cache/venv/bin/python"), [path("fixtures/debian_cron.py")], {
      input: JSON.stringify(questions),
      encoding: "utf8",
    });
    const theirs: number[][] = JSON.parse(output);
    expect(theirs.flat().length).toBeGreaterThan(1000);
    for (const [index, question] of questions.entries()) {
      expect(ours(question), question.join(" ")).toEqual(theirs[index]);
    }
  });

  // What the README tells of it.
  const night = (schedule: string, day: string) => {
    const begin = Date.parse(`${day}T00:00:00+0${day.includes("-03-") ? 1 : 2}:00`);
    return local(ours([schedule, "Europe/Berlin", begin, begin + 5 * HOUR]), "Europe/Berlin");
  };

  it("a fixed time that is left out comes when the clock goes on, and one that comes twice runs once", () => {
    expect(night("30 2 * * *", "2026-03-29")).toEqual(["03:00"]);
    expect(night("30 2 * * *", "2026-10-25")).toEqual(["02:30"]);
  });

  it("what comes again and again goes on as time does", () => {
    expect(night("*/30 * * * *", "2026-03-29").slice(1, 6)).toEqual(["01:00", "01:30", "03:00", "03:30", "04:00"]);
    expect(night("*/30 * * * *", "2026-10-25").slice(2, 8)).toEqual([
      "01:30",
      "02:00",
      "02:30",
      "02:00",
      "02:30",
      "03:00",
    ]);
  });

  it("several hours that are named are what comes again and again, which Debian's cron has otherwise", () => {
    expect(night("15 1-3 * * *", "2026-03-29")).toEqual(["01:15", "03:15"]);
    expect(night("15 1-3 * * *", "2026-10-25")).toEqual(["01:15", "02:15", "02:15", "03:15"]);
  });
});

it("seconds are a sixth field in front, and a day fits by its date or its weekday", () => {
  const { next } = createSchedule("30 0 0 13 * FRI", "UTC");
  const first = next(Date.parse("2026-11-01")) as number;
  expect(new Date(first).toISOString()).toBe("2026-11-06T00:00:30.000Z");
  expect(new Date(next(first) as number).toISOString()).toBe("2026-11-13T00:00:30.000Z");
});
