import { Code } from "@cocaine/core/plugin";
import { expect, it, vi } from "vitest";
import { startWorker } from "./support/worker.ts";

it("a worker greets with its methods when the code has been imported", async () => {
  const worker = await startWorker("app.mjs");
  const { hello } = await worker.hello();
  expect(hello).toMatchObject({ protocol: 1, pid: worker.link.pid, language: "js", progress: false });
  expect(hello.kit).toMatch(/^js\/\d+\.\d+\.\d+/);
  expect(hello.methods).toEqual(expect.arrayContaining(["echo", "page"]));
});

it("code that cannot be imported ends the worker with its stack, without a greeting", async () => {
  const failing = await startWorker("failing.mjs");
  expect(await failing.exited).toEqual({ code: 1, signal: null });
  expect(failing.link.output().join("\n")).toMatch(/this app does not load.*failing\.mjs/s);
  const importing = await startWorker("importing.mjs");
  expect(await importing.exited).toMatchObject({ code: 1 });
  expect(importing.link.output().join("\n")).toContain("no-such-file.mjs");
});

it("heartbeats come while nothing else does", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  let beats = 0;
  worker.link.onMessage((message) => {
    if (message.code === Code.HEARTBEAT) beats++;
  });
  await vi.waitFor(() => expect(beats).toBeGreaterThanOrEqual(2), 5000);
});

it("jobs run at once", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const jobs = await Promise.all(Array.from({ length: 10 }, () => worker.call("together")));
  expect(jobs.map((job) => job.json())).toEqual(Array(10).fill(10));
});

it("with a concurrency of 1 jobs run one by one, and each is marked before it begins", async () => {
  const worker = await startWorker("app.mjs", 1);
  expect((await worker.hello()).hello.progress).toBe(true);
  const jobs = await Promise.all(Array.from({ length: 5 }, () => worker.call("together")));
  expect(jobs.map((job) => job.json())).toEqual(Array(5).fill(1));
  expect(worker.link.begun()).toBe(5);
  const endless = worker.invoke("patient", Buffer.from(""));
  const ahead = worker.invoke("echo", Buffer.from("ahead"));
  const dropped = worker.invoke("echo", Buffer.from("dropped"));
  dropped.cancel("too late");
  await dropped.ended;
  expect(dropped.failure).toMatchObject({ error: "cancelled", message: "too late" });
  expect(worker.link.begun()).toBe(endless.number);
  endless.cancel("enough");
  await ahead.ended;
  expect(worker.link.begun()).toBe(ahead.number);
});

it("answers of jobs that block leave before the last has ended", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const first = worker.invoke("slow", Buffer.from(""));
  const others = Array.from({ length: 20 }, () => worker.invoke("slow", Buffer.from("")));
  await first.ended;
  expect(others.at(-1)?.ends).toBe(0);
  await Promise.all(others.map((job) => job.ended));
});

it("a job that is cancelled hears of it, and may still answer", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const job = worker.invoke("patient", Buffer.from(""));
  job.cancel("nobody waits");
  await job.ended;
  expect(job.text()).toBe("late");
  expect(worker.logs).toMatchObject([{ level: "warn", message: "was cancelled", fields: { reason: "nobody waits" } }]);
});

it("a stream whose job is cancelled is ended, even while it waits", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  for (const method of ["endlessReadable", "endlessWeb"]) {
    const job = worker.invoke(method, Buffer.from(""));
    job.cancel("gone");
    await job.ended;
    expect(job.failure, method).toMatchObject({ error: "cancelled", message: "gone" });
  }
  expect((await worker.call("stoppedCount")).json()).toBe(2);
  const reading = worker.invoke("endless");
  await vi.waitFor(() => expect(reading.text()).toBe("started"));
  reading.cancel("gone");
  await reading.ended;
  expect(reading.failure?.error).toBe("cancelled");
  const flood = worker.invoke("flood", Buffer.from("10"));
  flood.pause();
  await vi.waitFor(() => expect(flood.size).toBeGreaterThan(0));
  flood.cancel("gone");
  await flood.ended;
  expect(flood.ends).toBe(1);
});

it("TERMINATE lets running jobs end, and the worker exits with 0", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const jobs = Array.from({ length: 5 }, () => worker.invoke("together", Buffer.from("")));
  worker.link.send({ code: Code.TERMINATE, reason: "enough" });
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  expect(jobs.map((job) => job.json())).toEqual(Array(5).fill(5));
});

it("an exception outside of every job, or a rejection that nobody handles, ends the worker", async () => {
  for (const [method, text] of [
    ["crash", "outside of every job"],
    ["forget", "nobody looks at this"],
  ] as const) {
    const worker = await startWorker("app.mjs");
    await worker.hello();
    worker.invoke(method, Buffer.from(""));
    expect(await worker.exited).toEqual({ code: 1, signal: null });
    expect(worker.link.output().join("\n")).toContain(text);
  }
});
