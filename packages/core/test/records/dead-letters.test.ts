import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, obliging, type Scripted, scripted, textOf } from "../support/scripted.ts";

let app: Scripted;
afterEach(() => app.close());

/** The app's code fails, until it is mended. */
let broken = true;
const failing: Behaviour = (worker, message) => {
  if (!broken || message.code !== Code.INVOKE) return obliging(worker, message);
  worker.say({ code: Code.ERROR, job: message.job, error: "Oops", message: "no database", details: undefined });
};

async function start(task: Record<string, unknown> = {}, engine: Record<string, unknown> = {}, behave = failing) {
  broken = true;
  app = await scripted(undefined, behave);
  await app.host.deploy("app", manifestOf(engine, { "dead-letter": true, ...task }));
}

const run = (text = "request") =>
  textOf(app.host.call("app", "event", { chunk: Buffer.from(text), metadata: { from: "test" } }));
const outcome = (text?: string) => run(text).catch((error: { code: string }) => error.code);
const letters = () => app.host.deadLetters.list("app");
const first = () => vi.waitFor(async () => (await letters())[0] ?? expect.fail("there is no letter"));

describe("a dead letter", () => {
  it("is kept of a job that failed for good, with its request, after its caller was told", async () => {
    await start({ retries: { attempts: 2, on: ["error"] } });
    expect(await outcome()).toBe("COC_JOB_FAILED");
    const { id } = await first();
    expect(await app.host.deadLetters.get("app", id)).toEqual({
      id,
      task: "event",
      job: expect.any(String),
      time: expect.stringMatching(/^20.*Z$/),
      attempts: 3,
      error: { code: "COC_JOB_FAILED", message: expect.stringContaining("no database") },
      urgent: false,
      metadata: { from: "test" },
      request: { bytes: 7, body: Buffer.from("request").toString("base64") },
    });
  });

  it("is not kept where the task does not say so, of jobs that were refused, and of those whose caller left", async () => {
    await start({ "dead-letter": false });
    await outcome();
    await app.host.deploy("app", manifestOf({ "queue-limit": 1, "pool-limit": 1 }, { "dead-letter": true }));
    broken = false;
    const all = await Promise.all(Array.from({ length: 4 }, () => outcome()));
    expect(all).toContain("COC_QUEUE_FULL");
    const sink = { write: () => true, end: () => undefined, fail: () => undefined };
    app.contexts.get("event")?.trigger({}, sink).cancel();
    await app.host.pause("app");
    expect(await outcome()).toBe("COC_APP_PAUSED");
    await app.host.resume("app");
    expect(await letters()).toEqual([]);
  });

  it.each([
    ["whose deadline passed", { timeout: 0.05 }, "COC_DEADLINE"],
    ["that stalled", { "stall-timeout": 0.05 }, "COC_STALLED"],
  ])("is kept of a job %s while its worker had it", async (_, task, code) => {
    await start(task, {}, (worker, message) => {
      if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
    });
    expect(await outcome()).toBe(code);
    const { id, error, attempts } = await first();
    expect({ code: error.code, attempts }).toEqual({ code, attempts: 1 });
    expect((await app.host.deadLetters.get("app", id)).request.body).toBe(Buffer.from("request").toString("base64"));
  });

  it("has what came of a request that was let go, and cannot be replayed then", async () => {
    await start({ timeout: 0.2 }, {}, (worker, message) => {
      if (message.code === Code.INVOKE) worker.say({ code: Code.CREDIT, job: message.job, bytes: 1 });
    });
    const failed = new Promise((resolve) => {
      const sink = { write: () => true, end: () => undefined, fail: resolve };
      const handle = app.contexts.get("event")?.trigger({ chunk: Buffer.alloc(1_048_576), end: false }, sink);
      handle?.write(Buffer.alloc(10));
      handle?.end();
    });
    expect(await failed).toMatchObject({ code: "COC_DEADLINE" });
    const { id, request } = await first();
    expect(request).toEqual({ bytes: 1_048_586 });
    await expect(app.host.deadLetters.replay("app", id)).rejects.toMatchObject({
      code: "COC_DEAD_LETTER_BODY",
      message: expect.stringContaining("1048586 bytes"),
    });
  });

  it("is dropped when its job ends well in a replay", async () => {
    await start();
    await outcome("the very same");
    const { id } = await first();
    broken = false;
    await app.host.deadLetters.replay("app", id);
    const replayed = app.workers[0]?.messages.at(-1);
    expect(replayed).toMatchObject({ chunk: Buffer.from("the very same") });
    expect(JSON.parse((replayed as { metadata: string }).metadata)).toMatchObject({ from: "test", attempt: 1 });
    expect(await letters()).toEqual([]);
    await expect(app.host.deadLetters.replay("app", id)).rejects.toMatchObject({ code: "COC_DEAD_LETTER_UNKNOWN" });
  });

  it("is kept once when its job fails in a replay, with the attempt counted", async () => {
    await start();
    await outcome();
    const { id } = await first();
    await expect(app.host.deadLetters.replay("app", id)).rejects.toMatchObject({ code: "COC_JOB_FAILED" });
    expect(await letters()).toMatchObject([{ id, attempts: 2 }]);
  });

  it("is replayed once at a time", async () => {
    await start();
    await outcome();
    const { id } = await first();
    broken = false;
    const both = await Promise.allSettled([1, 2].map(() => app.host.deadLetters.replay("app", id)));
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(both[1]).toMatchObject({ reason: { code: "COC_DEAD_LETTER_BUSY" } });
  });

  it("can be dropped, also of an app that runs no more", async () => {
    await start();
    await outcome();
    const { id } = await first();
    await app.host.remove("app");
    expect(await letters()).toHaveLength(1);
    await app.host.deadLetters.drop("app", id);
    expect(await letters()).toEqual([]);
    await expect(app.host.deadLetters.drop("app", id)).rejects.toMatchObject({ code: "COC_DEAD_LETTER_UNKNOWN" });
  });
});
