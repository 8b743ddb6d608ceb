import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/plugin.ts";
import { type Behaviour, manifestOf, obliging, type Scripted, scripted, textOf } from "../support/scripted.ts";

let app: Scripted;
afterEach(() => app.close());

async function start(retries: Record<string, unknown>, behave: Behaviour, task: Record<string, unknown> = {}) {
  app = await scripted(undefined, behave);
  await app.host.deploy("app", manifestOf({ "pool-limit": 1 }, { retries, ...task }));
}

const run = () => textOf(app.host.call("app", "event", Buffer.from("request")));
const queue = () => app.host.app("app").queue;

/** The app's code fails each job with the number of its attempt. */
const failing: Behaviour = (worker, message) => {
  if (message.code !== Code.INVOKE) return obliging(worker, message);
  const { attempt } = JSON.parse(message.metadata) as { attempt: number };
  worker.say({ code: Code.ERROR, job: message.job, error: "Oops", message: `attempt ${attempt}`, details: undefined });
};

describe("retries", () => {
  it("run a job again that the app failed, until attempts run out, and then tell the last error", async () => {
    await start({ attempts: 3, on: ["error"] }, failing);
    await expect(run()).rejects.toMatchObject({
      code: "COC_JOB_FAILED",
      message: expect.stringContaining("attempt 4"),
    });
    expect(app.host.app("app").tasks.event?.jobs).toMatchObject({ failed: 1, retries: 3 });
  });

  it("are for the endings that they name", async () => {
    await start({ attempts: 3, on: ["crash"] }, failing);
    await expect(run()).rejects.toThrow("attempt 1");
  });

  it("wait out a back-off that doubles, with jitter down to its half", async () => {
    const times: number[] = [];
    await start({ attempts: 4, backoff: 0.04, "backoff-limit": 0.1, on: ["error"] }, (worker, message) => {
      if (message.code === Code.INVOKE) times.push(performance.now());
      failing(worker, message);
    });
    await expect(run()).rejects.toThrow("attempt 5");
    const waits = times.slice(1).map((time, index) => time - (times[index] as number));
    // Timers count whole milliseconds.
    const least = [20, 40, 50, 50].map((each) => each - 1);
    expect(waits.every((wait, index) => wait >= (least[index] as number))).toBe(true);
  });

  it("let other jobs run while one waits, which is told apart from those in the queue", async () => {
    let broken = true;
    await start({ attempts: 1, backoff: 60, on: ["error"] }, (worker, message) => {
      (broken ? failing : obliging)(worker, message);
      broken = false;
    });
    const first = run().catch((error: { code: string }) => error.code);
    await vi.waitFor(() => expect(queue()).toMatchObject({ depth: 0, delayed: 1 }));
    expect(await run()).toBe("done event");
    expect(app.host.app("app").jobs.running).toBe(0);
    await app.host.close({ deadline: 0 });
    expect(await first).toBe("COC_SHUTDOWN");
  });

  it("end at the job's deadline, which tells what the last run ended with", async () => {
    await start({ attempts: 1, backoff: 60, on: ["error"] }, failing, { timeout: 0.1 });
    await expect(run()).rejects.toMatchObject({
      code: "COC_DEADLINE",
      message: expect.stringContaining("attempt 1"),
      cause: { code: "COC_JOB_FAILED" },
    });
    expect(queue()).toMatchObject({ delayed: 0 });
  });

  it("are over when the caller goes away", async () => {
    await start({ attempts: 1, backoff: 60, on: ["error"] }, failing);
    const controller = new AbortController();
    const job = textOf(app.host.call("app", "event", Buffer.from(""), { signal: controller.signal }));
    await vi.waitFor(() => expect(queue().delayed).toBe(1));
    controller.abort(new Error("gone"));
    await expect(job).rejects.toThrow("gone");
    await vi.waitFor(() => expect(queue().delayed).toBe(0));
    expect(app.workers[0]?.invoked()).toHaveLength(1);
  });

  it("send the whole request again, chunks that the worker had taken too", async () => {
    await start({ attempts: 1 }, (worker, message) => {
      if (worker !== app.workers[0]) return obliging(worker, message);
      if (message.code === Code.INVOKE) worker.say({ code: Code.CREDIT, job: message.job, bytes: 5 });
      if (message.code === Code.WRITE && message.end) worker.exit({ signal: "SIGKILL" });
    });
    const sent: string[] = [];
    const answered = new Promise((resolve, reject) => {
      const sink = { write: () => true, end: () => resolve("end"), fail: reject };
      const handle = app.contexts.get("event")?.trigger({ chunk: Buffer.from("first"), end: false }, sink);
      handle?.write(Buffer.from("second"));
      handle?.end();
    });
    await vi.waitFor(() => expect(app.workers[1]?.messages.length).toBeGreaterThanOrEqual(2));
    for (const message of app.workers[1]?.messages ?? []) {
      if ("chunk" in message && message.chunk !== undefined) sent.push(Buffer.from(message.chunk).toString());
    }
    expect(sent.join(" ")).toBe("first second");
    app.workers[1]?.answer(1, "well");
    expect(await answered).toBe("end");
  });
});
