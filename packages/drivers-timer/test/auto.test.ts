import { createError, type Driver } from "@cocaine/core/plugin";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { autoDriver } from "../src/index.ts";
import { contextOf, type Run } from "./support/context.ts";

let driver: Driver;
let warnings: string[];
afterEach(() => driver.close());

async function start(options: Record<string, unknown>, { ends = true } = {}): Promise<Run[]> {
  const plugin = autoDriver();
  const { context, runs, warnings: logged } = contextOf({ ends });
  warnings = logged;
  driver = plugin.create(plugin.options.parse(options), context);
  await driver.start();
  return runs;
}

const timerOf = (run: Run | undefined) =>
  run?.request.metadata?.timer as { scheduledFor: number; firedAt: number; missed: number };
const count = (runs: Run[], least: number) =>
  vi.waitFor(() => expect(runs.length).toBeGreaterThanOrEqual(least), { interval: 5, timeout: 5000 });

/** Holds the process up, as a long computation does. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("auto", () => {
  it("runs its task every interval, on a grid from its start", async () => {
    const runs = await start({ interval: 20 });
    await count(runs, 6);
    const moments = runs.map((run) => timerOf(run).scheduledFor);
    for (const [index, moment] of moments.entries()) {
      const steps = (moment - (moments[0] as number)) / 20;
      expect(Math.abs(steps - Math.round(steps)) * 20, `run ${index}`).toBeLessThanOrEqual(2);
    }
    expect(timerOf(runs[0])).toMatchObject({ missed: 0, firedAt: expect.any(Number) });
  });

  it("begins after one interval, or at once where it is immediate", async () => {
    const begin = performance.now();
    const late = await start({ interval: 60 });
    await count(late, 1);
    expect((late[0] as Run).at - begin).toBeGreaterThan(50);
    await driver.close();
    const early = await start({ interval: 60_000, immediate: true });
    await count(early, 1);
  });

  it("never runs before its time", async () => {
    const begin = performance.now();
    const runs = await start({ interval: 7 });
    await count(runs, 30);
    for (const [index, { at }] of runs.entries()) expect(at - begin).toBeGreaterThanOrEqual((index + 1) * 7);
  });

  it("waits longer than a timer of the platform can", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(0.999);
    onTestFinished(() => random.mockRestore());
    const runs = await start({ interval: 2 ** 31 - 1, jitter: 2 ** 31 - 2 });
    // Were the delay to overflow, the run would come at the next millisecond.
    const probe = setInterval(() => probes++, 5);
    let probes = 0;
    onTestFinished(() => clearInterval(probe));
    await vi.waitFor(() => expect(probes).toBeGreaterThan(10), { interval: 5 });
    expect(runs).toHaveLength(0);
  });

  it("is late by its jitter, and leaves the grid where it is", async () => {
    const runs = await start({ interval: 40, jitter: 39 });
    await count(runs, 12);
    const timers = runs.map(timerOf);
    const delays = timers.map(({ firedAt, scheduledFor }) => firedAt - scheduledFor);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(-1);
    expect(new Set(delays).size).toBeGreaterThan(3);
    for (const { scheduledFor } of timers) {
      const steps = (scheduledFor - (timers[0]?.scheduledFor ?? 0)) / 40;
      expect(Math.abs(steps - Math.round(steps)) * 40).toBeLessThanOrEqual(2);
    }
  });

  it("leaves out a run that is due while the one before has not ended", async () => {
    const runs = await start({ interval: 10 }, { ends: false });
    await vi.waitFor(() => expect(driver.info?.().skipped).toBeGreaterThan(2));
    expect(runs).toHaveLength(1);
    runs[0]?.end();
    await count(runs, 2);
  });

  it("runs it afterwards where overlap is queue", async () => {
    const runs = await start({ interval: 10, overlap: "queue" }, { ends: false });
    await count(runs, 1);
    // The next run is due, and is not there before this one ends.
    const at = performance.now();
    await vi.waitFor(() => expect(performance.now() - at).toBeGreaterThan(30), { interval: 5 });
    for (let ended = 0; ended < 3; ended++) {
      expect(runs).toHaveLength(ended + 1);
      runs[ended]?.end();
      await count(runs, ended + 2);
    }
    const moments = runs.map((run) => timerOf(run).scheduledFor);
    expect(moments).toEqual([...new Set(moments)].sort());
  });

  it("counts a run as skipped that the queue has no room for, and as failed what ends badly", async () => {
    const runs = await start({ interval: 10 }, { ends: false });
    await count(runs, 1);
    const before = Number(driver.info?.().skipped);
    runs[0]?.end({ status: "failed", error: createError("COC_QUEUE_FULL", "full") });
    await count(runs, 2);
    expect(driver.info?.()).toMatchObject({ runs: 0, failed: 0 });
    expect(driver.info?.().skipped).toBeGreaterThan(before);
    expect(warnings).toEqual([]);
    runs[1]?.end({ status: "failed", error: createError("COC_JOB_FAILED", "no such table") });
    await vi.waitFor(() => expect(driver.info?.()).toMatchObject({ runs: 1, failed: 1 }));
    expect(warnings).toEqual(["a run failed: no such table"]);
  });

  it("leaves out what was due while it was paused", async () => {
    const runs = await start({ interval: 10 });
    await count(runs, 1);
    driver.pause?.("paused");
    const before = runs.length;
    const paused = performance.now();
    await vi.waitFor(() => expect(performance.now() - paused).toBeGreaterThan(60), { interval: 5 });
    expect(runs).toHaveLength(before);
    driver.resume?.();
    expect(driver.info?.().skipped).toBeGreaterThan(3);
    await count(runs, before + 1);
    expect(timerOf(runs.at(-1)).missed).toBe(0);
  });

  it("starts none of the runs that wait while it is paused", async () => {
    const runs = await start({ interval: 10, overlap: "queue" }, { ends: false });
    await count(runs, 1);
    const at = performance.now();
    await vi.waitFor(() => expect(performance.now() - at).toBeGreaterThan(30), { interval: 5 });
    driver.pause?.("paused");
    runs[0]?.end();
    await vi.waitFor(() => expect(driver.info?.()).toMatchObject({ runs: 1, running: false }));
    expect(runs).toHaveLength(1);
    driver.resume?.();
    expect(runs).toHaveLength(2);
  });

  it("makes up for it by one run where missed is once", async () => {
    const runs = await start({ interval: 10, missed: "once" });
    driver.pause?.("paused");
    const paused = performance.now();
    await vi.waitFor(() => expect(performance.now() - paused).toBeGreaterThan(60), { interval: 5 });
    driver.resume?.();
    await count(runs, 1);
    expect(timerOf(runs[0]).missed).toBeGreaterThan(2);
    expect(driver.info?.().skipped).toBe(0);
  });

  it("leaves out what was due while the process was held up", async () => {
    const runs = await start({ interval: 20 });
    await count(runs, 1);
    const before = runs.length;
    block(100);
    await count(runs, before + 1);
    expect(driver.info?.().skipped).toBeGreaterThanOrEqual(3);
    expect(timerOf(runs[before]).missed).toBe(0);
  });

  it("makes up for that, too, by one run where missed is once", async () => {
    const runs = await start({ interval: 20, missed: "once" });
    await count(runs, 1);
    const before = runs.length;
    block(100);
    await count(runs, before + 1);
    expect(timerOf(runs[before]).missed).toBeGreaterThanOrEqual(3);
    expect(driver.info?.().skipped).toBe(0);
  });

  it("is moved by no jump of the wall clock, and tells times by the clock as it is now", async () => {
    onTestFinished(() => void vi.useRealTimers());
    const runs = await start({ interval: 20 });
    await count(runs, 1);
    for (const jump of [-3_600_000, 7_200_000]) {
      const before = runs.length;
      const begin = performance.now();
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + jump });
      const now = Date.now();
      while (runs.length < before + 3) await new Promise((resolve) => setImmediate(resolve));
      expect(performance.now() - begin).toBeGreaterThan(30);
      expect(performance.now() - begin).toBeLessThan(5000);
      expect(Math.abs(timerOf(runs.at(-1)).scheduledFor - now)).toBeLessThan(5000);
      vi.useRealTimers();
    }
  });

  it("starts no run once it drains, and has drained when the last has ended", async () => {
    const runs = await start({ interval: 10 }, { ends: false });
    await count(runs, 1);
    let drained = false;
    const draining = driver.drain().then(() => {
      drained = true;
    });
    const before = performance.now();
    await vi.waitFor(() => expect(performance.now() - before).toBeGreaterThan(40), { interval: 5 });
    expect([runs.length, drained]).toEqual([1, false]);
    runs[0]?.end();
    await draining;
    expect(runs).toHaveLength(1);
  });

  it("may be closed twice, and without a start", async () => {
    await start({ interval: 1000 });
    await driver.close();
    await driver.close();
    const plugin = autoDriver();
    await plugin.create(plugin.options.parse({ interval: 5 }), contextOf({ ends: true }).context).close();
  });

  it("does not start again once it is closed", async () => {
    const runs = await start({ interval: 5 });
    await driver.close();
    await driver.start();
    driver.resume?.();
    const before = runs.length;
    const at = performance.now();
    await vi.waitFor(() => expect(performance.now() - at).toBeGreaterThan(40), { interval: 5 });
    expect(runs).toHaveLength(before);
    expect(driver.info?.()).not.toHaveProperty("next");
  });

  it("tells interval, next run and counts", async () => {
    await start({ interval: 3_600_000 });
    expect(driver.info?.()).toEqual({
      interval: 3_600_000,
      next: expect.stringMatching(/^\d{4}-.*Z$/),
      runs: 0,
      failed: 0,
      skipped: 0,
      running: false,
    });
  });

  it.each([
    [{}, "interval"],
    [{ interval: 0 }, "interval"],
    [{ interval: 1.5 }, "interval"],
    [{ interval: 2 ** 31 }, "interval"],
    [{ interval: 10, jitter: 10 }, "jitter"],
    [{ interval: 10, overlap: "replace" }, "overlap"],
  ])("refuses the options %j", (options, path) => {
    const result = autoDriver().options.safeParse(options);
    expect(result.error?.issues.map((issue) => issue.path[0])).toEqual([path]);
  });
});
