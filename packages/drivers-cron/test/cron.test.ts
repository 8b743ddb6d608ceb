import type { Driver } from "@cocaine/core/plugin";
import { testDriver } from "@cocaine/testing";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
// By path: a helper of the tests of both packages.
import { contextOf, type Run } from "../../drivers-timer/test/support/context.ts";
import { cronDriver } from "../src/index.ts";

describe("the driver", () => {
  testDriver({ test, driver: cronDriver(), options: () => ({ schedule: "* * * * * *" }), fire: async () => undefined });
});

describe("the options", () => {
  const problem = (options: object) => cronDriver().options.safeParse(options).error?.issues[0]?.message;

  it("are a schedule of five or six fields, in a zone that there is", () => {
    const { options } = cronDriver();
    expect(options.parse({ schedule: "0 3 * * *" })).toEqual({
      schedule: "0 3 * * *",
      jitter: 0,
      overlap: "skip",
      missed: "skip",
      "missed-grace": 86_400,
    });
    for (const schedule of ["*/5 * * * * *", "0 0 L * *", "0 9-17/2 * JAN-MAR MON-FRI", "@daily"]) {
      expect(options.safeParse({ schedule }).success, schedule).toBe(true);
    }
  });

  it.each([
    ["61 * * * *", "Invalid value for minute: 61"],
    ["* * *", "five"],
    ["* * * * * * *", "7 parts"],
    ["0 0 30 2 *", "such a date never comes"],
    ["", "it is: minute hour day month weekday"],
  ])("that are wrong are told with what they should be: %s", (schedule, message) => {
    expect(problem({ schedule })).toContain(message);
  });

  it("name a zone by its IANA name", () => {
    expect(problem({ schedule: "0 3 * * *", timezone: "Mars/Base" })).toContain("such as Europe/Berlin");
  });
});

describe("runs", () => {
  let driver: Driver;
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] }));
  afterEach(async () => {
    await driver.close();
    vi.useRealTimers();
  });

  const timerOf = (run: Run | undefined) =>
    run?.request.metadata?.timer as { scheduledFor: number; firedAt: number; missed: number };
  const due = (runs: readonly Run[]) =>
    runs.map((run) => new Date(timerOf(run).scheduledFor).toISOString().slice(0, 16));

  async function start(at: string, options: object, more: { ends?: boolean; kept?: unknown } = {}) {
    vi.setSystemTime(new Date(at));
    const plugin = cronDriver();
    const own = contextOf({ ends: true, ...more });
    driver = plugin.create(plugin.options.parse({ timezone: "UTC", ...options }), own.context);
    await driver.start();
    return own;
  }

  /** The server does not run for a while. */
  async function restart(at: string, options: object, { kept }: { kept(): unknown }) {
    await driver.close();
    return start(at, options, { kept: kept() });
  }

  const hours = (count: number) => vi.advanceTimersByTimeAsync(count * 3_600_000);

  it("come at their time, in the zone of the task", async () => {
    const { runs } = await start("2026-03-28T12:00Z", { schedule: "30 3 * * *", timezone: "Europe/Berlin" });
    expect(driver.info?.()).toMatchObject({ schedule: "30 3 * * *", next: "2026-03-29T01:30:00.000Z" });
    await hours(48);
    expect(due(runs)).toEqual(["2026-03-29T01:30", "2026-03-30T01:30"]);
    expect(timerOf(runs[0])).toMatchObject({ missed: 0, firedAt: Date.parse("2026-03-29T01:30Z") });
  });

  const HOURLY = { schedule: "0 * * * *" };

  it("that are missed while the server does not run are left out, or made up for by one or each", async () => {
    for (const [missed, expected, count] of [
      ["skip", [], 0],
      ["once", ["2026-03-01T15:00"], 2],
      ["all", ["2026-03-01T13:00", "2026-03-01T14:00", "2026-03-01T15:00"], 0],
    ] as const) {
      const before = await start("2026-03-01T10:30Z", { ...HOURLY, missed });
      await hours(2);
      expect(due(before.runs)).toEqual(["2026-03-01T11:00", "2026-03-01T12:00"]);
      const { runs } = await restart("2026-03-01T15:30Z", { ...HOURLY, missed }, before);
      await vi.advanceTimersByTimeAsync(0);
      expect(due(runs), missed).toEqual(expected);
      expect(timerOf(runs[0])?.missed ?? 0).toBe(count);
      await hours(1);
      expect(due(runs).at(-1)).toBe("2026-03-01T16:00");
      await driver.close();
    }
  });

  it("that were due before the first one are missed, too", async () => {
    const before = await start("2026-03-01T10:30Z", { ...HOURLY, missed: "once" });
    expect(before.runs).toHaveLength(0);
    const { runs } = await restart("2026-03-01T11:30Z", { ...HOURLY, missed: "once" }, before);
    expect(due(runs)).toEqual(["2026-03-01T11:00"]);
  });

  it("that are missed for longer than missed-grace are not made up for", async () => {
    const options = { ...HOURLY, missed: "all", "missed-grace": 5400 };
    const before = await start("2026-03-01T10:30Z", options);
    const { runs } = await restart("2026-03-01T20:15Z", options, before);
    await vi.advanceTimersByTimeAsync(0);
    expect(due(runs)).toEqual(["2026-03-01T19:00", "2026-03-01T20:00"]);
    const daily = { schedule: "0 3 * * *", missed: "once", "missed-grace": 3600 };
    const long = await restart("2026-03-02T01:00Z", daily, { kept: () => undefined });
    const late = await restart("2026-03-02T09:00Z", daily, long);
    expect(late.runs).toHaveLength(0);
    expect(driver.info?.().next).toBe("2026-03-03T03:00:00.000Z");
  });

  it("that were run by a clock which is ahead are not run again, and that is told", async () => {
    const before = await start("2026-03-01T10:30Z", { ...HOURLY, missed: "all" });
    await hours(1);
    expect(due(before.runs)).toEqual(["2026-03-01T11:00"]);
    const { runs, warnings } = await restart("2026-03-01T09:30Z", { ...HOURLY, missed: "all" }, before);
    expect(warnings).toEqual([expect.stringContaining("runs until 2026-03-01T11:00:00.000Z were made already")]);
    await hours(3);
    expect(due(runs)).toEqual(["2026-03-01T12:00"]);
  });

  it("of another schedule are not missed", async () => {
    const before = await start("2026-03-01T10:30Z", { ...HOURLY, missed: "all" });
    const { runs } = await restart("2026-03-01T15:30Z", { schedule: "5 * * * *", missed: "all" }, before);
    await vi.advanceTimersByTimeAsync(0);
    expect(runs).toHaveLength(0);
    expect(driver.info?.().next).toBe("2026-03-01T16:05:00.000Z");
  });

  it("that are due while one runs are left out, wait for it, or take its place", async () => {
    for (const [overlap, expected, info] of [
      ["skip", ["11:00"], { skipped: 2 }],
      ["queue", ["11:00"], { skipped: 0 }],
      ["replace", ["11:00", "12:00", "13:00"], { replaced: 2, skipped: 0 }],
    ] as const) {
      const { runs } = await start("2026-03-01T10:30Z", { ...HOURLY, overlap }, { ends: false });
      await hours(3);
      expect(
        due(runs).map((moment) => moment.slice(11)),
        overlap,
      ).toEqual(expected);
      expect(driver.info?.()).toMatchObject(info);
      runs.at(-1)?.end();
      await vi.advanceTimersByTimeAsync(0);
      expect(runs.length).toBe(overlap === "queue" ? 2 : expected.length);
      await driver.close();
    }
  });

  it("are late by their jitter, which is no reason to miss them", async () => {
    const { runs } = await start("2026-03-01T10:30Z", { ...HOURLY, jitter: 600_000 });
    await hours(24);
    expect(runs).toHaveLength(24);
    const delays = runs.map(timerOf).map(({ scheduledFor, firedAt }) => firedAt - scheduledFor);
    expect(Math.max(...delays)).toBeLessThan(600_001);
    expect(new Set(delays).size).toBeGreaterThan(12);
  });

  it("that a suspended machine slept through are missed ones", async () => {
    const { runs } = await start("2026-03-01T10:30Z", HOURLY);
    vi.setSystemTime(new Date("2026-03-01T14:30Z"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(0);
    await hours(1);
    expect(due(runs)).toEqual(["2026-03-01T15:00"]);
  });
});
