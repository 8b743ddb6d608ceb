import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, obliging, type Scripted, scripted, textOf } from "../support/scripted.ts";

const silent: Behaviour = (worker, message) => {
  if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
};

let app: Scripted;
afterEach(() => app.close());

const run = () => textOf(app.host.call("app", "event", Buffer.from("")));
const outcome = () => run().catch((error: { code: string }) => error.code);
const workerAt = (index: number) => app.workers[index] ?? expect.fail(`there is no worker ${index}`);

describe("the pool", () => {
  it("keeps pool-min workers, and replaces one that dies", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf({ "pool-min": 2 }));
    await vi.waitFor(() =>
      expect(app.host.app("app").pool.workers.map(({ state }) => state)).toEqual(["ready", "ready"]),
    );
    await run();
    const used = app.workers.find((worker) => worker.messages.length > 0);
    used?.exit({ signal: "SIGKILL" });
    await vi.waitFor(() => expect(app.workers).toHaveLength(3));
  });

  it("starts nothing for a burst that one worker clears", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf({ "spawn-delay": 5 }));
    await Promise.all(Array.from({ length: 50 }, run));
    expect(app.workers).toHaveLength(1);
  });

  it("grows to its limit, a worker at a time, while long jobs wait", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf({ "pool-limit": 3, "spawn-delay": 0.01 }));
    const jobs = Array.from({ length: 6 }, outcome);
    await vi.waitFor(() => expect(app.workers).toHaveLength(3));
    await vi.waitFor(() => expect(app.workers.map((worker) => worker.invoked().length)).toEqual([1, 1, 1]));
    for (const worker of app.workers) worker.answer(1, "");
    await vi.waitFor(() => expect(app.workers.map((worker) => worker.invoked().length)).toEqual([2, 2, 2]));
    for (const worker of app.workers) worker.answer(2, "");
    await Promise.all(jobs);
    expect(app.workers).toHaveLength(3);
  });

  it("retires a worker above pool-min that has nothing to do", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf({ "idle-timeout": 0.05 }));
    await vi.waitFor(() => expect(app.host.app("app").pool.size).toBe(0));
    expect(workerAt(0).messages.at(-1)).toMatchObject({ code: Code.TERMINATE, reason: "idle" });
    expect(await run()).toBe("done event");
    expect(app.workers).toHaveLength(2);
  });

  it("kills a worker that is silent for heartbeat-timeout, and its jobs fail with COC_WORKER_HUNG", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf({ "heartbeat-timeout": 0.05 }));
    expect(await outcome()).toBe("COC_WORKER_HUNG");
    expect(workerAt(0).stops).toEqual([5000]);
  });

  it("leaves a worker alone that sends heartbeats", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf({ "heartbeat-timeout": 0.06 }));
    const worker = workerAt(0);
    const beat = setInterval(() => worker.say({ code: Code.HEARTBEAT }), 10);
    const job = outcome();
    const started = performance.now();
    await vi.waitFor(() => expect(performance.now() - started).toBeGreaterThan(200), { interval: 10 });
    worker.answer(1, "well");
    expect(await job).toBe("well");
    clearInterval(beat);
  });

  it("fails the deploy of code that cannot start, with the worker's last lines", async () => {
    app = await scripted((worker) => worker.exit({ code: 1 }));
    await expect(app.host.deploy("app", manifestOf())).rejects.toMatchObject({
      code: "COC_DEPLOY",
      message: expect.stringContaining("exit status 1; its last lines:\nits last line"),
      cause: { code: "COC_WORKER_START" },
    });
    expect(app.host.info().apps).toEqual([]);
  });

  it("kills a worker that says no HELLO within startup-timeout", async () => {
    app = await scripted(() => undefined);
    await expect(app.host.deploy("app", manifestOf({ "startup-timeout": 0.05 }))).rejects.toThrow(
      "said no HELLO within 0.05 s",
    );
    expect(workerAt(0).stops).not.toEqual([]);
  });

  it("fails the app after start-attempts in a row, answers at once, and recovers by itself", async () => {
    let broken = false;
    app = await scripted((worker) => (broken ? worker.exit({ code: 1 }) : worker.hello()));
    await app.host.deploy("app", manifestOf({ "start-attempts": 2 }));
    broken = true;
    workerAt(0).exit({ code: 1 });
    await vi.waitFor(() => expect(app.host.app("app").pool.size).toBe(0));
    expect(await outcome()).toBe("COC_APP_FAILED");
    expect(app.host.app("app")).toMatchObject({ state: "failed", error: { code: "COC_WORKER_START" } });
    expect(await outcome()).toBe("COC_APP_FAILED");
    broken = false;
    await vi.waitFor(() => expect(app.host.app("app").state).toBe("running"), { timeout: 5000 });
    expect(await run()).toBe("done event");
  });

  it("kills a worker that breaks the protocol", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf());
    const job = outcome();
    workerAt(0).answer(7, "whose?");
    expect(await job).toBe("COC_PROTOCOL");
  });
});

describe("a new version", () => {
  it("takes the jobs once it is ready, and the old one ends those it has", async () => {
    app = await scripted(undefined, (worker, message) => {
      if (worker !== app.workers[0]) obliging(worker, message);
    });
    await app.host.deploy("app", manifestOf());
    const slow = run();
    await app.host.deploy("app", manifestOf());
    expect(await run()).toBe("done event");
    expect(workerAt(1).invoked()).toEqual([1]);
    workerAt(0).answer(1, "the old one's answer");
    expect(await slow).toBe("the old one's answer");
    workerAt(0).exit({ code: 0 });
    await vi.waitFor(() => expect(app.host.app("app").pool.workers).toHaveLength(1));
  });

  it("that cannot start leaves the old one serving", async () => {
    let broken = false;
    app = await scripted((worker) => (broken ? worker.exit({ code: 1 }) : worker.hello()));
    await app.host.deploy("app", manifestOf());
    broken = true;
    await expect(app.host.restart("app")).rejects.toMatchObject({ code: "COC_DEPLOY" });
    expect(await run()).toBe("done event");
    expect(workerAt(0).invoked()).toHaveLength(1);
  });

  it("keeps the drivers whose options did not change, and replaces those that did", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf());
    const first = app.contexts.get("event");
    await app.host.deploy("app", manifestOf({ "pool-limit": 3 }));
    expect(app.contexts.get("event")).toBe(first);
    await app.host.deploy("app", manifestOf({}, { endpoint: "there" }));
    expect(app.contexts.get("event")).not.toBe(first);
    expect(app.host.app("app").tasks.event?.driver).toEqual({ endpoint: "there" });
  });

  it("whose driver cannot start changes nothing", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf());
    await expect(app.host.deploy("app", manifestOf({}, { endpoint: "taken" }))).rejects.toThrow(
      "the endpoint is taken",
    );
    expect(app.host.app("app").tasks.event?.driver).toEqual({ endpoint: "here" });
    expect(await run()).toBe("done event");
  });
});

describe("the end of an app", () => {
  it("waits for its jobs, and takes no new ones", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf());
    const job = run();
    const context = app.contexts.get("event");
    const removed = app.host.remove("app");
    const refused = new Promise((resolve) => {
      setImmediate(() => context?.trigger({}, { write: () => true, end: () => undefined, fail: resolve }));
    });
    expect(await refused).toMatchObject({ code: "COC_SHUTDOWN" });
    workerAt(0).answer(1, "the last");
    expect(await job).toBe("the last");
    await removed;
    expect(() => app.host.app("app")).toThrow('no app "app" runs here');
  });

  it("fails what is open at the deadline with COC_SHUTDOWN", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf({ "pool-limit": 1 }));
    const jobs = [outcome(), outcome()];
    await app.host.close({ deadline: 20 });
    expect(await Promise.all(jobs)).toEqual(["COC_SHUTDOWN", "COC_SHUTDOWN"]);
  });

  it("comes sooner when it is asked for again with less time", async () => {
    app = await scripted(undefined, silent);
    await app.host.deploy("app", manifestOf());
    const job = outcome();
    const closed = app.host.close();
    app.host.close({ deadline: 10 });
    expect(await job).toBe("COC_SHUTDOWN");
    await closed;
  });
});

describe("a paused app", () => {
  it("refuses jobs until it is resumed", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf());
    await app.host.pause("app");
    expect(app.host.app("app").state).toBe("paused");
    expect(await outcome()).toBe("COC_APP_PAUSED");
    await app.host.resume("app");
    expect(await run()).toBe("done event");
  });
});
