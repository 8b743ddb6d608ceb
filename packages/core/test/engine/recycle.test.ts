import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, obliging, type Scripted, scripted, textOf } from "../support/scripted.ts";

let app: Scripted;
afterEach(() => app.close());

const run = () => textOf(app.host.call("app", "event", Buffer.from("")));
const workerAt = (index: number) => app.workers[index] ?? expect.fail(`there is no worker ${index}`);
const states = () => app.host.app("app").pool.workers.map(({ state }) => state);

async function start(recycle: Record<string, unknown>, engine: Record<string, unknown> = {}, behave?: Behaviour) {
  app = await scripted(undefined, behave);
  await app.host.deploy("app", manifestOf({ recycle, "pool-limit": 1, ...engine }));
}

describe("recycling", () => {
  it("replaces a worker that has ended its jobs, once the new one is ready", async () => {
    let mute = false;
    app = await scripted((worker) => {
      if (!mute) worker.hello();
    });
    await app.host.deploy("app", manifestOf({ recycle: { jobs: 3 }, "pool-limit": 1 }));
    mute = true;
    for (let count = 0; count < 3; count++) await run();
    await vi.waitFor(() => expect(states()).toEqual(["ready", "starting"]));
    // It serves on until it can be replaced.
    expect(await run()).toBe("done event");
    expect(workerAt(0).invoked()).toHaveLength(4);
    expect(app.workers).toHaveLength(2);
    workerAt(1).hello();
    expect(workerAt(0).messages.at(-1)).toMatchObject({ code: Code.TERMINATE, reason: "recycled after 3 jobs" });
    expect(await run()).toBe("done event");
    expect(workerAt(1).invoked()).toHaveLength(1);
    await vi.waitFor(() => expect(states()).toEqual(["ready"]));
    expect(app.host.app("app").pool).toMatchObject({ starts: 2, restarts: 0, ends: { retired: 1 } });
  });

  it("waits for the jobs that the old worker has", async () => {
    await start({ jobs: 1 }, { concurrency: 2 }, (worker, message) => {
      if (worker !== app.workers[0]) obliging(worker, message);
    });
    const long = run();
    const short = run();
    await vi.waitFor(() => expect(workerAt(0).invoked()).toHaveLength(2));
    workerAt(0).answer(2, "short");
    expect(await short).toBe("short");
    await vi.waitFor(() => expect(states()).toEqual(["retiring", "ready"]));
    workerAt(0).answer(1, "long");
    expect(await long).toBe("long");
    workerAt(0).exit({ code: 0 });
    await vi.waitFor(() => expect(states()).toEqual(["ready"]));
    expect(workerAt(0).stops).toEqual([]);
  });

  it("draws each worker's own number of jobs, so that they are not replaced together", async () => {
    await start({ jobs: 20, jitter: 15 });
    while (app.workers.length < 12) await run();
    const ended = app.workers.slice(0, 11).map((worker) => worker.invoked().length);
    expect(Math.min(...ended)).toBeGreaterThanOrEqual(5);
    // A few may come while the next one starts.
    expect(Math.max(...ended)).toBeLessThan(45);
    expect(new Set(ended).size).toBeGreaterThan(2);
  });

  it("replaces one worker at a time by age, idle ones too, and lets an idle pool shrink all the same", async () => {
    await start({ age: 0.1 }, { "pool-min": 2, "pool-limit": 2 });
    await vi.waitFor(() => expect(states()).toEqual(["ready", "ready"]));
    let most = 0;
    await vi.waitFor(() => {
      most = Math.max(most, states().filter((state) => state === "ready" || state === "starting").length);
      expect(app.workers.length).toBeGreaterThanOrEqual(6);
    });
    expect(most).toBeLessThanOrEqual(3);
    await app.host.deploy("app", manifestOf({ recycle: { age: 0.05 }, "idle-timeout": 0.3 }));
    await vi.waitFor(() => expect(states()).toEqual([]), { timeout: 3000 });
  });

  it("replaces a worker whose memory has grown over rss", async () => {
    await start({ rss: "100MB" });
    workerAt(0).rss = 99_000_000;
    await vi.waitFor(() => expect(workerAt(0).rss).toBe(99_000_000));
    workerAt(0).rss = 101_000_000;
    await vi.waitFor(() => expect(app.workers).toHaveLength(2), { timeout: 5000 });
    await vi.waitFor(() =>
      expect(workerAt(0).messages.at(-1)).toMatchObject({ reason: "recycled at 101000000 bytes of memory" }),
    );
  });

  it("keeps the worker that serves while the one to replace it cannot start, and the app does not fail", async () => {
    let broken = false;
    app = await scripted((worker) => (broken ? worker.exit({ code: 1 }) : worker.hello()));
    await app.host.deploy("app", manifestOf({ recycle: { jobs: 1 }, "pool-limit": 1, "start-attempts": 1 }));
    broken = true;
    for (let count = 0; count < 3; count++) {
      await run();
      await vi.waitFor(() => expect(app.workers.length).toBeGreaterThan(1));
    }
    expect(app.host.app("app").state).toBe("running");
    expect(workerAt(0).invoked()).toHaveLength(3);
    broken = false;
    await vi.waitFor(async () => {
      await run();
      expect(workerAt(0).messages.at(-1)).toMatchObject({ code: Code.TERMINATE });
    });
  });
});
