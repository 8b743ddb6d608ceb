import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, obliging, type Scripted, scripted, textOf } from "../support/scripted.ts";

let app: Scripted;
afterEach(() => app.close());

const run = (name = "app") => textOf(app.host.call(name, "event", Buffer.from("")));
const workerAt = (index: number) => app.workers[index] ?? expect.fail(`there is no worker ${index}`);
const silent: Behaviour = (worker, message) => {
  if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
};

describe("one app's trouble", () => {
  it("does not keep others from being deployed, restarted and served", async () => {
    let mute = false;
    app = await scripted((worker) => {
      if (!mute) worker.hello();
    });
    await app.host.deploy("well", manifestOf());
    const known = app.workers.length;
    mute = true;
    const slow = app.host.deploy("slow", manifestOf()).catch((error: { code: string }) => error.code);
    await vi.waitFor(() => expect(app.workers.length).toBe(known + 1));
    await new Promise(setImmediate);
    mute = false;
    await app.host.restart("well");
    await app.host.deploy("another", manifestOf());
    expect(await run("well")).toBe("done event");
    expect(await run("another")).toBe("done event");
    await app.host.close({ deadline: 0 });
    expect(await slow).toBe("COC_SHUTDOWN");
  });

  it("does not fail while one of its workers serves, though no other can start", async () => {
    let broken = false;
    app = await scripted((worker) => (broken ? worker.exit({ code: 1 }) : worker.hello()));
    await app.host.deploy("app", manifestOf({ "pool-min": 3, "pool-limit": 3, "start-attempts": 2 }));
    await vi.waitFor(() => expect(app.host.app("app").pool.states.ready).toBe(3));
    broken = true;
    workerAt(1).exit({ signal: "SIGKILL" });
    workerAt(2).exit({ signal: "SIGKILL" });
    await vi.waitFor(() => expect(app.workers.length).toBeGreaterThanOrEqual(5), { timeout: 5000 });
    expect(app.host.app("app").state).toBe("running");
    expect(await run()).toBe("done event");
    broken = false;
    await vi.waitFor(() => expect(app.host.app("app").pool.states.ready).toBe(3), { timeout: 10_000 });
  });

  it("is over as soon as workers can start again, however long they could not", async () => {
    let broken = false;
    app = await scripted((worker) => (broken ? worker.exit({ code: 1 }) : worker.hello()));
    await app.host.deploy("app", manifestOf({ "pool-min": 1, "start-attempts": 1 }));
    broken = true;
    workerAt(0).exit({ signal: "SIGKILL" });
    await vi.waitFor(() => expect(app.workers.length).toBeGreaterThanOrEqual(5), { timeout: 10_000 });
    expect(app.host.app("app").state).toBe("failed");
    broken = false;
    await vi.waitFor(async () => expect(await run()).toBe("done event"), { timeout: 10_000 });
  }, 20_000);

  it("costs the jobs of the worker that died, and none of another's", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf({ "pool-min": 2, "pool-limit": 2 }));
    await vi.waitFor(() => expect(app.host.app("app").pool.states.ready).toBe(2));
    const jobs = [run(), run()].map((job) => job.catch((error: { code: string }) => error.code));
    await vi.waitFor(() => expect(app.workers.map((worker) => worker.invoked().length)).toEqual([1, 1]));
    workerAt(0).exit({ signal: "SIGKILL" });
    workerAt(1).answer(1, "well");
    expect((await Promise.all(jobs)).sort()).toEqual(["COC_WORKER_CRASHED", "well"]);
  });
});

describe("a reload", () => {
  it("is not held up for longer than drain-timeout by the jobs of a driver that it ends", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf({ "drain-timeout": 0.05 }, { endpoint: "busy" }));
    await app.host.deploy("app", manifestOf({ "drain-timeout": 0.05 }, { endpoint: "there" }));
    expect(app.holds).toEqual(["event: closed"]);
    expect(app.host.app("app").tasks.event?.driver).toEqual({ endpoint: "there" });
  });

  it("leaves the old workers' limits in force: one that hangs is found while it drains", async () => {
    app = await scripted(undefined, (worker, message) => {
      if (worker !== app.workers[0]) obliging(worker, message);
    });
    const engine = { "heartbeat-timeout": 0.1 };
    await app.host.deploy("app", manifestOf(engine));
    const hung = run().catch((error: { code: string }) => error.code);
    await vi.waitFor(() => expect(workerAt(0).invoked()).toHaveLength(1));
    await app.host.restart("app");
    expect(app.host.app("app").pool.states).toMatchObject({ ready: 1, retiring: 1 });
    expect(await hung).toBe("COC_WORKER_HUNG");
    await vi.waitFor(() =>
      expect(app.host.app("app").pool.workers.every(({ id }) => id !== workerAt(0).identity)).toBe(true),
    );
  });
});
