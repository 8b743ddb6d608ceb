import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, obliging, type Scripted, scripted, textOf } from "../support/scripted.ts";

const silent: Behaviour = (worker, message) => {
  if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
};

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
const workerAt = (index: number) => app.workers[index] ?? expect.fail(`there is no worker ${index}`);

describe("a job", () => {
  it("carries request, method, id and attempt to the worker, and its answer back", async () => {
    await start();
    expect(await run("hello")).toBe("done event");
    const invoke = workerAt(0).messages[0];
    expect(invoke).toMatchObject({ code: Code.INVOKE, method: "event", chunk: Buffer.from("hello"), end: true });
    expect(JSON.parse((invoke as { metadata: string }).metadata)).toEqual({ id: expect.any(String), attempt: 1 });
  });

  it("is complete with its last chunk where that says so", async () => {
    await start({}, {}, (worker, message) => {
      if (message.code === Code.INVOKE)
        worker.say({ code: Code.CHUNK, job: message.job, chunk: Buffer.from("all"), end: true });
      else obliging(worker, message);
    });
    expect(await run()).toBe("all");
    expect(app.host.app("app").jobs).toEqual({ running: 0, done: 1, failed: 0, cancelled: 0 });
  });

  it("fails with what the app's exception said", async () => {
    await start({}, {}, (worker, message) => {
      if (message.code === Code.INVOKE) {
        worker.say({
          code: Code.ERROR,
          job: message.job,
          error: "ValueError",
          message: "no such thing",
          details: { stack: "…" },
        });
      } else obliging(worker, message);
    });
    await expect(run()).rejects.toMatchObject({
      code: "COC_JOB_FAILED",
      message: 'task "event" failed with ValueError: no such thing',
      details: { error: "ValueError", details: { stack: "…" } },
    });
  });

  it("fails with COC_QUEUE_FULL when queue-limit jobs wait", async () => {
    await start({ "queue-limit": 2, "pool-limit": 1 }, {}, silent);
    const jobs = Array.from({ length: 4 }, () => run().catch((error: { code: string }) => error.code));
    expect(await jobs[3]).toBe("COC_QUEUE_FULL");
    expect(app.host.app("app").queue).toEqual({ depth: 2, delayed: 0, limit: 2, highest: 2 });
  });

  it("takes the place of the oldest where the task says drop-oldest", async () => {
    await start({ "queue-limit": 1, "pool-limit": 1 }, { overflow: "drop-oldest" }, silent);
    const jobs = Array.from({ length: 3 }, () => run().catch((error: { code: string }) => error.code));
    expect(await jobs[1]).toBe("COC_QUEUE_FULL");
    expect(app.host.app("app").queue.depth).toBe(1);
  });

  it("stops its driver where the task says block and the queue is full, until it is half empty", async () => {
    await start({ "queue-limit": 4, "pool-limit": 1 }, { overflow: "block" }, silent);
    const jobs = Array.from({ length: 4 }, () => run());
    expect(app.holds).toEqual([]);
    jobs.push(run());
    expect(app.holds).toEqual(["event: full"]);
    await expect(run()).rejects.toMatchObject({ code: "COC_QUEUE_FULL" });
    const worker = workerAt(0);
    await vi.waitFor(() => expect(worker.invoked()).toEqual([1]));
    worker.answer(1, "");
    await vi.waitFor(() => expect(worker.invoked()).toEqual([1, 2]));
    expect(app.holds).toEqual(["event: full"]);
    worker.answer(2, "");
    await vi.waitFor(() => expect(app.holds).toEqual(["event: full", "event: resumed"]));
    await app.host.close({ deadline: 0 });
    await Promise.allSettled(jobs);
  });

  it("holds a driver for one reason after the other", async () => {
    await start({ "queue-limit": 1, "pool-limit": 1 }, { overflow: "block" }, silent);
    const jobs = [run(), run()].map((job) => job.catch(() => undefined));
    await app.host.pause("app");
    await app.host.resume("app");
    expect(app.holds).toEqual(["event: full", "event: paused", "event: full"]);
    await app.host.close({ deadline: 0 });
    await Promise.all(jobs);
  });

  it("that is urgent goes before those that are not", async () => {
    await start({ "pool-limit": 1 }, {}, silent);
    const ids = ["first", "second", "urgent"].map((name) => {
      const sink = { write: () => true, end: () => undefined, fail: () => undefined };
      const request = { chunk: Buffer.from(name), urgent: name === "urgent" };
      return app.contexts.get("event")?.trigger(request, sink).id;
    });
    expect(new Set(ids).size).toBe(3);
    const worker = workerAt(0);
    await vi.waitFor(() => expect(worker.invoked()).toHaveLength(1));
    worker.answer(1, "");
    await vi.waitFor(() => expect(worker.invoked()).toHaveLength(2));
    expect(worker.messages.at(-1)).toMatchObject({ chunk: Buffer.from("urgent") });
  });

  it("never reaches a worker once its deadline has passed", async () => {
    await start({ "pool-limit": 1 }, { timeout: 0.05 }, silent);
    const outcomes = await Promise.all([run(), run()].map((job) => job.catch((error: Error) => error.message)));
    expect(outcomes[0]).toContain("before the worker ended it");
    expect(outcomes[1]).toContain("while it waited for a worker");
    expect(workerAt(0).invoked()).toEqual([1]);
  });

  it("never reaches a worker, however idle, if its caller's own deadline had passed before it came", async () => {
    await start({ "pool-limit": 1 });
    expect(await run()).toBe("done event");
    const error = await new Promise((resolve, reject) => {
      const sink = { write: () => true, end: () => reject(new Error("it ran")), fail: resolve };
      app.contexts.get("event")?.trigger({ deadline: Date.now() - 1 }, sink);
    });
    expect(error).toMatchObject({ code: "COC_DEADLINE", message: expect.stringContaining("while it waited") });
    expect(workerAt(0).invoked()).toEqual([1]);
    expect(await run()).toBe("done event");
  });

  it("that a driver publishes is cancelled by its signal, which then keeps nothing of it", async () => {
    await start({ "pool-limit": 1 }, {}, silent);
    const publish = (signal: AbortSignal) => app.contexts.get("event")?.publish({}, signal);
    const controller = new AbortController();
    const cancelled = publish(controller.signal);
    await vi.waitFor(() => expect(workerAt(0).invoked()).toEqual([1]));
    controller.abort("replaced");
    expect(await cancelled).toEqual({ status: "cancelled" });
    await vi.waitFor(() => expect(workerAt(0).messages.at(-1)).toMatchObject({ code: Code.CANCEL, job: 1 }));
    expect(await publish(controller.signal)).toEqual({ status: "cancelled" });
    workerAt(0).answer(1, "");
    const { signal } = new AbortController();
    const ended = publish(signal);
    await vi.waitFor(() => expect(workerAt(0).invoked().length).toBeGreaterThan(1));
    workerAt(0).answer(workerAt(0).invoked().at(-1) as number, "well");
    expect(await ended).toEqual({ status: "ok" });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("that overran is cancelled, and after cancel-grace its worker is killed and replaced", async () => {
    await start({ "cancel-grace": 0.05, "termination-grace": 3 }, { timeout: 0.05 }, (worker, message) => {
      if (worker !== app.workers[0] || message.code === Code.TERMINATE) obliging(worker, message);
    });
    await expect(run()).rejects.toMatchObject({ code: "COC_DEADLINE" });
    const first = workerAt(0);
    expect(first.messages).toContainEqual({ code: Code.CANCEL, job: 1, reason: "deadline" });
    await vi.waitFor(() => expect(first.stops).toEqual([3000]));
    await vi.waitFor(async () => expect(await run()).toBe("done event"));
  });

  it("whose caller leaves is cancelled, and its worker lives", async () => {
    await start({}, {}, silent);
    const controller = new AbortController();
    const job = textOf(app.host.call("app", "event", Buffer.from(""), { signal: controller.signal }));
    const worker = workerAt(0);
    await vi.waitFor(() => expect(worker.invoked()).toEqual([1]));
    controller.abort(new Error("gone"));
    await expect(job).rejects.toThrow("gone");
    await vi.waitFor(() => expect(worker.messages.at(-1)).toMatchObject({ code: Code.CANCEL, job: 1 }));
    worker.answer(1, "too late");
    expect(worker.stops).toEqual([]);
    expect(app.host.app("app").jobs).toEqual({ running: 0, done: 0, failed: 0, cancelled: 1 });
  });

  it("may be cancelled at once when it was refused", async () => {
    await start({ "queue-limit": 1, "pool-limit": 1 }, {}, silent);
    const outcomes: string[] = [];
    const sink = { write: () => true, end: () => undefined, fail: (error: Error) => outcomes.push(error.message) };
    const context = app.contexts.get("event") ?? expect.fail("no driver");
    const handles = Array.from({ length: 3 }, () => context.trigger({}, sink));
    handles[2]?.cancel();
    await Promise.resolve();
    expect(outcomes).toEqual([]);
    expect(app.host.app("app").queue.depth).toBe(1);
  });
});

describe("a dead worker's jobs", () => {
  it("that had not begun are run by another; those that had fail, by the progress mark", async () => {
    app = await scripted(
      (worker) => worker.hello(true),
      (worker, message) => {
        // The first worker answers nine jobs, fast enough to be sent some ahead, and then no more.
        if (worker === app.workers[0] && message.code === Code.INVOKE && message.job > 9) return;
        obliging(worker, message);
      },
    );
    await app.host.deploy("app", manifestOf({ "pool-limit": 1, "queue-limit": 1000 }));
    for (let count = 0; count < 9; count++) await run();
    const first = workerAt(0);
    const jobs = Array.from({ length: 6 }, () => run().catch((error: { code: string }) => error.code));
    await vi.waitFor(() => expect(first.invoked().length).toBeGreaterThan(11));
    first.begin(11);
    first.exit({ signal: "SIGKILL" });
    expect(await Promise.all(jobs)).toEqual([
      "COC_WORKER_CRASHED",
      "COC_WORKER_CRASHED",
      "done event",
      "done event",
      "done event",
      "done event",
    ]);
  });

  it("are run again within their retries, with the attempt's number, if no chunk was answered", async () => {
    await start({ "pool-limit": 1 }, { retries: { attempts: 1 } }, (worker, message) => {
      if (message.code === Code.INVOKE && worker === app.workers[0]) worker.exit({ code: 1 });
      else obliging(worker, message);
    });
    expect(await run()).toBe("done event");
    const repeated = workerAt(1).messages[0] as { metadata: string };
    expect(JSON.parse(repeated.metadata)).toMatchObject({ attempt: 2 });
  });

  it("are not run again when a chunk has reached the caller", async () => {
    await start({ "pool-limit": 1 }, { retries: { attempts: 5 } }, (worker, message) => {
      if (message.code !== Code.INVOKE) return obliging(worker, message);
      worker.say({ code: Code.CHUNK, job: message.job, chunk: Buffer.from("half"), end: false });
      worker.exit({ code: 1 });
    });
    await expect(run()).rejects.toMatchObject({
      code: "COC_WORKER_CRASHED",
      message: expect.stringContaining("its last line"),
    });
  });
});

describe("streams", () => {
  it("stop the worker when the reader stalls, and grant credit as it reads", async () => {
    const chunk = Buffer.alloc(65_536);
    await start({}, {}, (worker, message) => {
      if (message.code === Code.INVOKE)
        for (let i = 0; i < 4; i++) worker.say({ code: Code.CHUNK, job: 1, chunk, end: false });
      else obliging(worker, message);
    });
    const reader = app.host.call("app", "event", Buffer.from(""))[Symbol.asyncIterator]();
    await reader.next();
    const worker = workerAt(0);
    const granted = () => worker.messages.flatMap((message) => (message.code === Code.CREDIT ? [message.bytes] : []));
    const before = granted().reduce((sum, bytes) => sum + bytes, 0);
    expect(before).toBeLessThan(4 * chunk.length);
    for (let i = 0; i < 3; i++) await reader.next();
    worker.say({ code: Code.CHOKE, job: 1 });
    expect(await reader.next()).toMatchObject({ done: true });
  });

  it("kill a worker that sends more than it was given credit for", async () => {
    await start({}, {}, (worker, message) => {
      if (message.code !== Code.INVOKE) return obliging(worker, message);
      for (let i = 0; i < 8; i++) worker.say({ code: Code.CHUNK, job: 1, chunk: Buffer.alloc(262_144), end: false });
    });
    const reader = app.host.call("app", "event", Buffer.from(""))[Symbol.asyncIterator]();
    await expect(
      (async () => {
        for (;;) if ((await reader.next()).done) return;
      })(),
    ).rejects.toMatchObject({ code: "COC_PROTOCOL" });
  });

  it("hold a long request back until the worker gives credit", async () => {
    await start({}, {}, silent);
    const events: string[] = [];
    const sink = {
      write: () => true,
      end: () => events.push("end"),
      fail: () => undefined,
      drain: () => events.push("drain"),
    };
    const context = app.contexts.get("event") ?? expect.fail("no driver");
    const handle = context.trigger({ chunk: Buffer.alloc(200_000), end: false }, sink);
    expect(handle.write(Buffer.alloc(100_000))).toBe(false);
    handle.write(Buffer.alloc(100_000));
    handle.end();
    const worker = workerAt(0);
    const sent = () => worker.messages.map((message) => ("chunk" in message ? (message.chunk?.length ?? 0) : 0));
    expect(sent()).toEqual([200_000, 100_000]);
    worker.say({ code: Code.CREDIT, job: 1, bytes: 200_000 });
    expect(sent()).toEqual([200_000, 100_000, 100_000]);
    expect(worker.messages.at(-1)).toMatchObject({ code: Code.WRITE, end: true });
    expect(events).toEqual(["drain"]);
    worker.answer(1, "");
    expect(events).toEqual(["drain", "end"]);
  });
});
