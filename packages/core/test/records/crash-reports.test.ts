import { afterEach, describe, expect, it, vi } from "vitest";
import { memoryStorage, silentLogger } from "../../src/index.ts";
import { Code } from "../../src/plugin.ts";
import { createCrashLogs } from "../../src/records/crash-logs.ts";
import type { CrashReport } from "../../src/records/crash-report.ts";
import { type Behaviour, manifestOf, type Scripted, scripted, textOf } from "../support/scripted.ts";

let app: Scripted;

const silent: Behaviour = (worker, message) => {
  if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
};
const outcome = () =>
  textOf(app.host.call("app", "event", Buffer.from(""))).catch((error: { code: string }) => error.code);
const reports = () => app.host.crashReports("app");

describe("a crash report", () => {
  afterEach(() => app.close());

  it("has how the worker ended, the jobs that it had, and its last lines", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", { ...manifestOf({ concurrency: 2 }), version: "1.2" });
    const jobs = [outcome(), outcome()];
    await vi.waitFor(() => expect(app.workers[0]?.invoked()).toHaveLength(2));
    app.workers[0]?.exit({ signal: "SIGSEGV" });
    expect(await Promise.all(jobs)).toEqual(["COC_WORKER_CRASHED", "COC_WORKER_CRASHED"]);
    await vi.waitFor(async () => expect(await reports()).toHaveLength(1));
    const job = { id: expect.any(String), task: "event", attempt: 1, begun: true };
    expect(await reports()).toEqual([
      {
        id: expect.stringContaining(app.workers[0]?.identity ?? "-"),
        time: expect.stringMatching(/^20.*Z$/),
        version: "1.2",
        worker: app.workers[0]?.identity,
        pid: undefined,
        uptime: expect.any(Number),
        done: 0,
        status: null,
        signal: "SIGSEGV",
        error: { code: "COC_WORKER_CRASHED", message: expect.stringContaining("SIGSEGV") },
        jobs: [job, job],
        output: ["its last line"],
      },
    ]);
  });

  it("is kept of workers that hung or had to be killed too", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf({ "cancel-grace": 0.02 }, { timeout: 0.02 }));
    await outcome();
    await vi.waitFor(async () => expect(await reports()).toMatchObject([{ error: { code: "COC_WORKER_KILLED" } }]));
  });

  it("is not kept of workers that were asked to end", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf());
    await outcome();
    await app.host.restart("app");
    await vi.waitFor(() => expect(app.host.app("app").pool.ends).toEqual({ retired: 1 }));
    await app.host.remove("app");
    expect(await reports()).toEqual([]);
  });

  it("is not kept of every worker of an app whose workers crash again and again", async () => {
    app = await scripted(
      (worker) => worker.hello(),
      (worker, message) => {
        if (message.code === Code.INVOKE && message.job === 1) worker.answer(1, "well");
        else if (message.code === Code.INVOKE) worker.exit({ code: 3 });
      },
    );
    await app.host.deploy("app", manifestOf());
    for (let count = 0; count < 40; count++) {
      expect(await outcome()).toBe("well");
      expect(await outcome()).toBe("COC_WORKER_CRASHED");
    }
    await vi.waitFor(async () => expect((await reports()).length).toBeGreaterThanOrEqual(20));
    expect((await reports()).length).toBeLessThan(30);
    expect((await reports())[0]?.worker).toMatch(/-1$/);
  }, 20_000);
});

const report: CrashReport = {
  time: "2026-01-01T00:00:00.000Z",
  version: undefined,
  worker: "worker",
  pid: 1,
  uptime: 1,
  done: 0,
  status: 1,
  signal: null,
  error: { code: "COC_WORKER_CRASHED", message: "it crashed" },
  jobs: [],
  output: [],
};

describe("crash logs", () => {
  afterEach(() => void vi.useRealTimers());

  it("say how many reports were left out, and hold one app's crashes against no other", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const logs = createCrashLogs({ storage: memoryStorage(), log: silentLogger() });
    for (let count = 0; count < 50; count++) logs.add("app", report);
    logs.add("other", report);
    vi.advanceTimersByTime(10_000);
    logs.add("app", report);
    logs.add("app", report);
    await logs.idle();
    expect((await logs.list("app")).map(({ skipped }) => skipped)).toEqual([...new Array(20).fill(undefined), 30]);
    expect(await logs.list("other")).toHaveLength(1);
  });

  it("keep the last hundred of an app", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const logs = createCrashLogs({ storage: memoryStorage(), log: silentLogger() });
    for (let count = 0; count < 105; count++) {
      logs.add("app", { ...report, worker: String(count) });
      vi.advanceTimersByTime(10_000);
      await logs.idle();
    }
    const workers = (await logs.list("app")).map(({ worker }) => worker);
    expect(workers).toEqual(Array.from({ length: 100 }, (_, count) => String(count + 5)));
  });
});
