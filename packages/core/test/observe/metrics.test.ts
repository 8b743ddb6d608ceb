import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, obliging, type Scripted, scripted, textOf } from "../support/scripted.ts";

let app: Scripted;
afterEach(() => app.close());

async function start(
  engine: Record<string, unknown> = {},
  task: Record<string, unknown> = {},
  behave: Behaviour = obliging,
) {
  app = await scripted(undefined, behave);
  await app.host.deploy("app", manifestOf(engine, task));
}

const run = (text = "") => textOf(app.host.call("app", "event", Buffer.from(text)));
const codeOf = (job: Promise<string>) => job.catch((error: { code: string }) => error.code);
const info = () => app.host.app("app");
const task = () => info().tasks.event ?? expect.fail("there is no task");

/** Never answers; leaves when it is told to. */
const silent: Behaviour = (worker, message) => {
  if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
};

describe("the metrics of a task", () => {
  it("count its jobs, their bytes and their times", async () => {
    await start();
    for (const text of ["a", "bb", "ccc"]) await run(text);
    expect(task()).toMatchObject({
      jobs: { done: 3, failed: 0, cancelled: 0, retries: 0, resent: 0, failures: {} },
      bytes: { received: 6, sent: 3 * "done event".length },
      waited: { count: 3 },
      run: { count: 3 },
    });
    const { run: ran } = task();
    expect(ran.p50).toBeGreaterThan(0);
    expect(ran.p99).toBeLessThanOrEqual(ran.max);
    expect(ran.sum).toBeGreaterThanOrEqual(ran.max);
  });

  it("tell the same times as the feed", async () => {
    await start();
    const heard: { waited: number; run: number }[] = [];
    app.host.subscribe("app", (envelope, body) => envelope === "@job event" && heard.push(JSON.parse(body)));
    await run();
    expect(heard[0]?.run).toBeCloseTo(task().run.sum * 1000, 2);
    expect(heard[0]?.waited).toBeCloseTo(task().waited.sum * 1000, 2);
  });

  it("count failures by their code, and time no job that was refused when it came", async () => {
    await start({ "queue-limit": 1, "pool-limit": 1 }, { timeout: 0.05 }, silent);
    expect(await Promise.all([run(), run(), run()].map(codeOf))).toEqual([
      "COC_DEADLINE",
      "COC_DEADLINE",
      "COC_QUEUE_FULL",
    ]);
    expect(task().jobs).toMatchObject({ done: 0, failed: 3, failures: { COC_DEADLINE: 2, COC_QUEUE_FULL: 1 } });
    expect(task().run.count).toBe(1);
    expect(task().waited.count).toBe(2);
    expect(task().waited.max).toBeGreaterThan(0.03);
    expect(info().queue).toEqual({ depth: 0, delayed: 0, limit: 1, highest: 1 });
  });

  it("count a job whose caller went away as neither done nor failed", async () => {
    await start({}, {}, silent);
    const sink = { write: () => true, end: () => undefined, fail: () => undefined };
    app.contexts.get("event")?.trigger({}, sink).cancel();
    expect(info().jobs).toEqual({ running: 0, done: 0, failed: 0, cancelled: 1 });
    expect(task().jobs).toMatchObject({ done: 0, failed: 0, cancelled: 1 });
  });

  it("count what was run again, by whether it had begun", async () => {
    await start({ "pool-limit": 1 }, { retries: { attempts: 1 } }, (worker, message) => {
      if (worker !== app.workers[0] || message.code === Code.TERMINATE) obliging(worker, message);
      else if (message.code === Code.INVOKE) worker.exit({ signal: "SIGKILL" });
    });
    expect(await run()).toBe("done event");
    // Without the progress mark a job that was sent counts as begun.
    expect(task().jobs).toMatchObject({ done: 1, retries: 1, resent: 0 });
    expect(task().run.count).toBe(1);
  });

  it("outlive new versions of the app, and end with it", async () => {
    await start();
    await run("abc");
    await app.host.restart("app");
    await app.host.deploy("app", manifestOf({ "queue-limit": 7 }));
    await run("abc");
    expect(task()).toMatchObject({ jobs: { done: 2 }, bytes: { received: 6 }, run: { count: 2 } });
    await vi.waitFor(() => expect(info().pool).toMatchObject({ starts: 3, restarts: 0, ends: { retired: 2 } }));
    await app.host.remove("app");
    await app.host.deploy("app", manifestOf());
    expect(task()).toMatchObject({ jobs: { done: 0 }, bytes: { received: 0 }, run: { count: 0 } });
    expect(info().pool).toMatchObject({ starts: 1, ends: {} });
  });
});

describe("the metrics of a pool", () => {
  it("count starts, workers in each state, and why others ended", async () => {
    await start({ "pool-min": 2 });
    await vi.waitFor(() => expect(info().pool.states).toMatchObject({ ready: 2, starting: 0 }));
    await run();
    app.workers[0]?.exit({ signal: "SIGKILL" });
    await vi.waitFor(() =>
      expect(info().pool).toMatchObject({
        starts: 3,
        restarts: 1,
        ends: { COC_WORKER_CRASHED: 1 },
        states: { ready: 2 },
      }),
    );
  });

  it("tell killed workers from those that crashed", async () => {
    await start({ "cancel-grace": 0.02 }, { timeout: 0.02 }, silent);
    expect(await codeOf(run())).toBe("COC_DEADLINE");
    await vi.waitFor(() => expect(info().pool.ends).toEqual({ COC_WORKER_KILLED: 1 }));
  });
});
