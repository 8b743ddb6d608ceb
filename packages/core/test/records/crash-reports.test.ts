import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, type Scripted, scripted, textOf } from "../support/scripted.ts";

let app: Scripted;
afterEach(() => app.close());

const silent: Behaviour = (worker, message) => {
  if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
};
const outcome = () =>
  textOf(app.host.call("app", "event", Buffer.from(""))).catch((error: { code: string }) => error.code);
const reports = () => app.host.crashReports("app");

describe("a crash report", () => {
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

  it("is kept for the last hundred ends of an app", async () => {
    app = await scripted(
      (worker) => worker.hello(),
      (worker, message) => {
        if (message.code === Code.INVOKE && message.job === 1) worker.answer(1, "well");
        else if (message.code === Code.INVOKE) worker.exit({ code: 3 });
      },
    );
    await app.host.deploy("app", manifestOf());
    for (let count = 0; count < 105; count++) {
      expect(await outcome()).toBe("well");
      expect(await outcome()).toBe("COC_WORKER_CRASHED");
    }
    await vi.waitFor(async () => expect(await reports()).toHaveLength(100));
    expect((await reports()).map(({ status }) => status)).toEqual(new Array(100).fill(3));
    expect((await reports()).at(-1)?.worker).toMatch(/-105$/);
  }, 20_000);
});
