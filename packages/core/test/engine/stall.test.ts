import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, obliging, type Scripted, scripted, textOf } from "../support/scripted.ts";

const STALL = 0.08;
let app: Scripted;
afterEach(() => app.close());

/** Does nothing that it is told to but to leave. */
const silent: Behaviour = (worker, message) => {
  if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
};

async function start(behave: Behaviour, task: Record<string, unknown> = {}, engine: Record<string, unknown> = {}) {
  app = await scripted(undefined, behave);
  await app.host.deploy("app", manifestOf({ "cancel-grace": 0.05, ...engine }, { "stall-timeout": STALL, ...task }));
}

const run = () => textOf(app.host.call("app", "event", Buffer.from("")));
const workerAt = (index: number) => app.workers[index] ?? expect.fail(`there is no worker ${index}`);
const trigger = (request: Parameters<NonNullable<ReturnType<typeof app.contexts.get>>["trigger"]>[0]) => {
  const outcome: string[] = [];
  const handle = app.contexts.get("event")?.trigger(request, {
    write: () => true,
    end: () => outcome.push("end"),
    fail: ({ code }) => outcome.push(code),
  });
  return { handle: handle ?? expect.fail("there is no driver"), outcome };
};
/** Waits longer than a stalled job may take to be found, by the clock that finds it. */
async function outlast(factor = 3): Promise<void> {
  const started = performance.now();
  await vi.waitFor(() => expect(performance.now() - started).toBeGreaterThan(factor * STALL * 1000), { interval: 10 });
}

describe("a job that its worker holds up", () => {
  it("fails with COC_STALLED; the worker is told, and killed if it does not end the job", async () => {
    await start(silent);
    await expect(run()).rejects.toMatchObject({ code: "COC_STALLED", message: expect.stringContaining("0.08 s") });
    expect(workerAt(0).messages.at(-1)).toMatchObject({ code: Code.CANCEL, job: 1, reason: "stall" });
    await vi.waitFor(() => expect(workerAt(0).stops).toHaveLength(1));
  });

  it("costs no worker that ends it when it is told to", async () => {
    await start((worker, message) => {
      silent(worker, message);
      if (message.code === Code.CANCEL) worker.answer(message.job, "cancelled");
    });
    await expect(run()).rejects.toMatchObject({ code: "COC_STALLED" });
    await outlast();
    expect(workerAt(0).stops).toEqual([]);
    expect(app.host.app("app").pool.workers[0]).toMatchObject({ state: "ready", jobs: 0 });
  });

  it("is run elsewhere at once where retries say so, and what the first worker still says is let go", async () => {
    await start(
      (worker, message) => {
        if (worker !== app.workers[0]) obliging(worker, message);
        else if (message.code === Code.CANCEL) worker.answer(message.job, "too late");
        else silent(worker, message);
      },
      { retries: { attempts: 1, on: ["timeout"] } },
      { "pool-min": 2 },
    );
    await vi.waitFor(() => expect(app.host.app("app").pool.states.ready).toBe(2));
    expect(await run()).toBe("done event");
    expect(app.host.app("app").tasks.event?.jobs).toMatchObject({ done: 1, retries: 1 });
    await vi.waitFor(() => expect(app.host.app("app").pool.workers.map(({ jobs }) => jobs)).toEqual([0, 0]));
    expect(workerAt(0).stops).toEqual([]);
  });

  it("is not one whose chunks flow", async () => {
    await start(silent);
    const job = run();
    for (let count = 0; count < 8; count++) {
      await outlast(0.4);
      workerAt(0).say({ code: Code.CHUNK, job: 1, chunk: Buffer.from("."), end: false });
    }
    workerAt(0).say({ code: Code.CHOKE, job: 1 });
    expect(await job).toBe("........");
  });

  it("is not one whose caller reads slowly", async () => {
    await start(silent);
    const outcome: string[] = [];
    const sink = { write: () => false, end: () => outcome.push("end"), fail: () => outcome.push("failed") };
    const handle = app.contexts.get("event")?.trigger({}, sink);
    workerAt(0).say({ code: Code.CHUNK, job: 1, chunk: Buffer.from("half"), end: false });
    await outlast();
    expect(outcome).toEqual([]);
    handle?.resume();
    await vi.waitFor(() => expect(outcome).toEqual(["failed"]));
  });

  it("is not one whose caller has not sent the rest of the request", async () => {
    await start(silent);
    const { handle, outcome } = trigger({ chunk: Buffer.from("half"), end: false });
    await outlast();
    expect(outcome).toEqual([]);
    handle.end();
    await vi.waitFor(() => expect(outcome).toEqual(["COC_STALLED"]));
  });

  it("is one that does not take what its caller sent", async () => {
    await start(silent);
    const { handle, outcome } = trigger({ chunk: Buffer.alloc(262_144), end: false });
    handle.write(Buffer.alloc(1));
    await vi.waitFor(() => expect(outcome).toEqual(["COC_STALLED"]));
  });

  it("is not one that was sent ahead and has not begun", async () => {
    app = await scripted(
      (worker) => worker.hello(true),
      (worker, message) => {
        if (message.code === Code.INVOKE && message.job > 9) return;
        obliging(worker, message);
      },
    );
    const task = { "stall-timeout": STALL };
    await app.host.deploy("app", manifestOf({ "pool-limit": 1, "cancel-grace": 60 }, task));
    for (let count = 0; count < 9; count++) {
      workerAt(0).begin(count + 1);
      await run();
    }
    workerAt(0).begin(10);
    const outcomes = [trigger({}), trigger({})].map(({ outcome }) => outcome);
    await vi.waitFor(() => expect(outcomes[0]).toEqual(["COC_STALLED"]));
    expect(workerAt(0).invoked()).toContain(11);
    expect(outcomes[1]).toEqual([]);
  });
});

describe("a job whose caller went away", () => {
  it("has its timeout all the same, after which its worker is killed", async () => {
    await start(silent, { timeout: 0.1, "stall-timeout": 0 });
    trigger({}).handle.cancel();
    await vi.waitFor(() => expect(workerAt(0).stops).toHaveLength(1));
    expect(app.host.app("app").tasks.event?.jobs).toMatchObject({ failed: 0, cancelled: 1 });
  });

  it("has its stall-timeout all the same", async () => {
    await start(silent);
    const { handle, outcome } = trigger({ chunk: Buffer.from("half"), end: false });
    handle.cancel();
    await vi.waitFor(() => expect(workerAt(0).stops).toHaveLength(1));
    expect(outcome).toEqual([]);
  });

  it("costs no worker while it has no limit", async () => {
    await start(silent, { "stall-timeout": 0 });
    trigger({}).handle.cancel();
    await outlast();
    expect(workerAt(0).stops).toEqual([]);
  });
});

describe("a policy that changes", () => {
  it("holds at once and keeps the task's driver", async () => {
    await start(obliging);
    const driver = app.contexts.get("event");
    await app.host.deploy("app", manifestOf({ "queue-limit": 1, "pool-limit": 1 }, { overflow: "block", timeout: 5 }));
    expect(app.contexts.get("event")).toBe(driver);
  });
});
