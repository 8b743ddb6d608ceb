import assert from "node:assert/strict";
import { type Driver, isCocaineError, type Plugin } from "@cocaine/core/plugin";
import type { Test } from "./test.ts";
import { createTriggerLog, jobFailed, queueFull, type TriggerLog } from "./trigger-log.ts";
import { until, within } from "./until.ts";

/** What a driver is tested with. */
export interface DriverSuite {
  readonly test: Test;
  readonly driver: Plugin<"driver">;
  /** Options as a manifest spells them; each test asks anew. */
  options(): unknown | Promise<unknown>;
  /**
   * Makes the outside world trigger one job, with `text` if it has something to say. Resolves when the outside has its
   * outcome, good or bad; at once where nobody waits for one.
   *
   * @param info - what the driver says of itself: its real endpoint, its path.
   */
  fire(info: Readonly<Record<string, unknown>>, text: string): Promise<unknown>;
  /** Somebody waits for each outcome. @defaultValue false */
  readonly answers?: boolean;
  /** Options that a second driver cannot start with while one runs with them; given what that one says of itself. */
  taken?(info: Readonly<Record<string, unknown>>): unknown;
}

/** A started driver, and what it triggered. */
interface Running {
  readonly driver: Driver;
  readonly log: TriggerLog;
  readonly fire: (text: string) => Promise<unknown>;
}

/** Tests that a driver keeps its contract (`Driver` of `@cocaine/core/plugin`). */
export function testDriver({ test, driver: plugin, options, fire, answers = false, taken }: DriverSuite): void {
  const create = async (given: unknown = options()) => {
    const log = createTriggerLog("task");
    const driver = plugin.create(plugin.options.parse(await given), log.context);
    return { driver, log, fire: (text: string) => fire(driver.info?.() ?? {}, text) };
  };
  const driverTest = (name: string, run: (running: Running) => Promise<void>) =>
    test(`driver: ${name}`, async () => {
      const running = await create();
      try {
        await running.driver.start();
        await run(running);
      } finally {
        await running.driver.close();
      }
    });

  test("driver: may be closed twice, and without a start", async () => {
    const { driver, log } = await create();
    await within("it closes", driver.close());
    await within("it closes again", Promise.all([driver.close(), driver.close()]));
    assert.equal(log.jobs.length, 0);
  });

  driverTest("says of itself what JSON can say", async ({ driver }) => {
    const info = driver.info?.() ?? {};
    assert.deepEqual(JSON.parse(JSON.stringify(info)), JSON.parse(JSON.stringify({ ...info })));
  });

  driverTest("triggers a job for what happens outside", async ({ log, fire }) => {
    log.onJob = (job) => job.answer("well");
    await within("the outside has its answer", fire("hello"));
    await until("a job is triggered", () => log.jobs.length > 0);
  });

  driverTest("lives on when jobs fail or are refused, and tells who waits", async ({ log, fire }) => {
    for (const error of [jobFailed(), queueFull()]) {
      const before = log.jobs.length;
      log.onJob = (job) => job.fail(error);
      const told = fire("hello");
      await until("a job is triggered", () => log.jobs.length > before);
      if (answers) await within("the outside is told", told);
    }
    const before = log.jobs.length;
    log.onJob = (job) => job.answer("well");
    await within("the outside has its answer", fire("again"));
    await until("a job is triggered", () => log.jobs.length > before);
  });

  driverTest("triggers nothing while it is paused, and goes on when it is resumed", async ({ driver, log, fire }) => {
    if (driver.pause === undefined || driver.resume === undefined) return;
    log.onJob = (job) => job.answer("well");
    driver.pause("paused");
    const before = log.jobs.length;
    const refused = fire("hello").catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(log.jobs.length, before);
    driver.resume();
    await within("the outside has its answer", fire("again"));
    await until("a job is triggered", () => log.jobs.length > before);
    await within("what came meanwhile is not forgotten", refused);
  });

  driverTest("drains when there is nothing to end", async ({ driver }) => {
    await within("it has drained", driver.drain());
  });

  driverTest("drains when the last job has ended, and triggers none after that", async ({ driver, log, fire }) => {
    const told = fire("hello").catch(() => undefined);
    await until("a job is triggered", () => log.jobs.length > 0);
    let drained = false;
    const draining = driver.drain().then(() => (drained = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(drained, false);
    const { length } = log.jobs;
    for (const job of log.jobs) job.answer("well");
    await within("it has drained", draining);
    if (answers) await within("the outside has its answer", told);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(log.jobs.length, length);
  });

  driverTest("closes in the middle of a job", async ({ driver, log, fire }) => {
    const told = fire("hello").catch(() => undefined);
    await until("a job is triggered", () => log.jobs.length > 0);
    await within("it closes", driver.close());
    const { length } = log.jobs;
    for (const job of log.jobs) job.answer("too late");
    if (answers) await within("who waited hears of it", told);
    await within(
      "the outside finds nobody",
      fire("late").catch(() => undefined),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(log.jobs.length, length);
  });

  if (taken !== undefined) {
    driverTest("does not start where another is, which serves on, and starts when that has gone", async (first) => {
      const { driver: second } = await create(taken(first.driver.info?.() ?? {}));
      try {
        await assert.rejects(second.start(), isCocaineError);
        first.log.onJob = (job) => job.answer("well");
        await within("the first serves on", first.fire("hello"));
      } finally {
        await second.close();
      }
      const given = taken(first.driver.info?.() ?? {});
      await first.driver.close();
      const third = await create(given);
      try {
        await third.driver.start();
        third.log.onJob = (job) => job.answer("well");
        await within("the next serves", third.fire("hello"));
      } finally {
        await third.driver.close();
      }
    });
  }
}
