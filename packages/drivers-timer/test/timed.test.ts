import { type Driver, z } from "@cocaine/core/plugin";
import { testDriver } from "@cocaine/testing";
import { afterEach, describe, expect, it, onTestFinished, test, vi } from "vitest";
import { driftingTimerDriver, timedDriver, timedOptions } from "../src/index.ts";
import { contextOf, type Run } from "./support/context.ts";

let driver: Driver;
afterEach(() => driver?.close());

const timerOf = (run: Run | undefined) =>
  run?.request.metadata?.timer as { scheduledFor: number; firedAt: number; missed: number };
const count = (runs: Run[], least: number) =>
  vi.waitFor(() => expect(runs.length).toBeGreaterThanOrEqual(least), { interval: 5, timeout: 5000 });
const passes = async (milliseconds: number) => {
  const at = performance.now();
  await vi.waitFor(() => expect(performance.now() - at).toBeGreaterThan(milliseconds), { interval: 5 });
};

describe("drifting-timer", () => {
  testDriver({ test, driver: driftingTimerDriver(), options: () => ({ interval: 20 }), fire: async () => undefined });

  async function start(options: Record<string, unknown>, ends = true): Promise<Run[]> {
    const plugin = driftingTimerDriver();
    const { context, runs } = contextOf({ ends });
    driver = plugin.create(plugin.options.parse(options), context);
    await driver.start();
    return runs;
  }

  it("runs its task an interval after the run before has ended", async () => {
    const begin = performance.now();
    const runs = await start({ interval: 30 }, false);
    await count(runs, 1);
    expect((runs[0] as Run).at - begin).toBeGreaterThanOrEqual(29);
    await passes(80);
    expect(runs).toHaveLength(1);
    expect(driver.info?.()).not.toHaveProperty("next");
    const ended = performance.now();
    runs[0]?.end();
    await count(runs, 2);
    expect((runs[1] as Run).at - ended).toBeGreaterThanOrEqual(29);
    expect(driver.info?.()).toMatchObject({ interval: 30, runs: 1, skipped: 0 });
  });

  it("runs once when it is resumed, if a run was due meanwhile", async () => {
    const runs = await start({ interval: 20 });
    await count(runs, 1);
    driver.pause?.("paused");
    const before = runs.length;
    await passes(100);
    expect(runs).toHaveLength(before);
    driver.resume?.();
    await count(runs, before + 1);
    expect(timerOf(runs[before]).missed).toBe(0);
  });

  it("waits for a run that ends while it is paused", async () => {
    const runs = await start({ interval: 20 }, false);
    await count(runs, 1);
    driver.pause?.("paused");
    runs[0]?.end();
    await passes(60);
    expect(runs).toHaveLength(1);
    driver.resume?.();
    await count(runs, 2);
  });
});

describe("a timed driver of one's own", () => {
  const hourly = timedDriver({
    name: "hourly",
    options: z.strictObject({ ...timedOptions, minute: z.int().min(0).max(59).default(0) }),
    next: (after, { options: { minute } }) => {
      const moment = new Date(after).setMinutes(minute, 0, 0);
      return moment > after ? moment : moment + 3_600_000;
    },
  });

  it("runs at the moments that it tells, also where its clock is set forward", async () => {
    vi.useFakeTimers({ now: new Date("2026-03-01T10:20:00"), toFake: ["Date", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { context, runs } = contextOf({ ends: true });
    driver = hourly.create(hourly.options.parse({ minute: 30, missed: "once" }), context);
    await driver.start();
    expect(driver.info?.().next).toBe(new Date("2026-03-01T10:30:00").toISOString());
    await vi.advanceTimersByTimeAsync(10 * 60_000 - 1);
    expect(runs).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(timerOf(runs[0])).toMatchObject({ scheduledFor: new Date("2026-03-01T10:30:00").getTime(), missed: 0 });
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(runs).toHaveLength(2);
    // Somebody sets the clock: three runs have passed, and one makes up for them within a minute.
    vi.setSystemTime(new Date("2026-03-01T14:45:00"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(3);
    expect(timerOf(runs[2])).toMatchObject({ scheduledFor: new Date("2026-03-01T14:30:00").getTime(), missed: 2 });
    // And back: nothing runs twice.
    vi.setSystemTime(new Date("2026-03-01T14:00:00"));
    await vi.advanceTimersByTimeAsync(75 * 60_000);
    expect(runs).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(16 * 60_000);
    expect(runs).toHaveLength(4);
  });

  it("may have no further moment", async () => {
    const at = Date.now() + 20;
    const once = timedDriver({
      name: "once",
      options: z.strictObject({ ...timedOptions }),
      next: (after) => (after < at ? at : undefined),
    });
    const { context, runs } = contextOf({ ends: true });
    driver = once.create(once.options.parse({}), context);
    await driver.start();
    await count(runs, 1);
    await passes(50);
    expect(runs).toHaveLength(1);
    expect(driver.info?.()).toMatchObject({ runs: 1 });
  });

  it("counts what has passed, however much that is", async () => {
    const every = timedDriver({
      name: "every",
      options: z.strictObject({ ...timedOptions }),
      next: (after) => after + 0.001,
    });
    const { context, runs } = contextOf({ ends: true });
    driver = every.create(every.options.parse({ missed: "once" }), context);
    await driver.start();
    driver.pause?.("paused");
    await passes(200);
    driver.resume?.();
    await count(runs, 1);
    expect(timerOf(runs[0]).missed).toBe(10_000);
  });
});
