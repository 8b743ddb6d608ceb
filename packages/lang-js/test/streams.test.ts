import { FRAME_LIMIT, WINDOW } from "@cocaine/core/plugin";
import { expect, it, vi } from "vitest";
import { startWorker, type TestWorker } from "./support/worker.ts";

const MIB = 1024 * 1024;

async function memoryOf(worker: TestWorker): Promise<number> {
  return (await worker.call("memory")).json() as number;
}

it("a request in pieces reaches a method that takes the job as it comes", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const job = worker.invoke("pieces");
  await job.write(Buffer.alloc(3));
  await job.write(Buffer.alloc(4));
  await job.write(undefined, true);
  await job.ended;
  expect(job.json()).toEqual({ whole: false, lengths: [3, 4] });
  expect((await worker.call("pieces", "hello")).json()).toEqual({ whole: true, lengths: [5] });
});

it("a request in pieces is whole for a method that takes it alone, or asks for its bytes", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  for (const method of ["size", "gathered"]) {
    const job = worker.invoke(method);
    for (let count = 0; count < 30; count++) await job.write(Buffer.alloc(65_536), count === 29);
    await job.ended;
    expect(job.json(), method).toBe(30 * 65_536);
    expect((await worker.call(method, "hello")).json(), method).toBe(5);
  }
});

it("50 MiB go in, and again, with flat memory", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const upload = async () => {
    const job = worker.invoke("total");
    const chunk = Buffer.alloc(MIB, 1);
    for (let count = 1; count <= 50; count++) await job.write(chunk, count === 50);
    await job.ended;
    expect(job.json()).toBe(50 * MIB);
  };
  await upload();
  const before = await memoryOf(worker);
  await upload();
  await upload();
  expect((await memoryOf(worker)) - before).toBeLessThan(32 * MIB);
});

it("50 MiB come out, and again, with flat memory", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  expect((await worker.call("flood", "50")).size).toBe(50 * MIB);
  const before = await memoryOf(worker);
  for (let count = 0; count < 2; count++) await worker.call("flood", "50");
  expect((await memoryOf(worker)) - before).toBeLessThan(32 * MIB);
});

it("what goes in comes out, in order", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const job = worker.invoke("pipe");
  const sent: Buffer[] = [];
  for (let count = 0; count < 100; count++) {
    const chunk = Buffer.alloc(40_000, count);
    sent.push(chunk);
    await job.write(chunk, count === 99);
  }
  await job.ended;
  expect(Buffer.concat(job.chunks).equals(Buffer.concat(sent))).toBe(true);
});

it("a response that nobody takes stops its method within the window", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const job = worker.invoke("flood", Buffer.from("10"));
  job.pause();
  await vi.waitFor(() => expect(job.size).toBeGreaterThanOrEqual(WINDOW));
  // The window's worth was sent, and one more chunk waits.
  expect((await worker.call("floodMade")).json()).toBe(WINDOW / 65_536 + 1);
  expect(job.size).toBe(WINDOW);
  job.resume();
  await job.ended;
  expect(job.size).toBe(10 * MIB);
});

it("a request that the method does not take stops its sender within the window", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const job = worker.invoke("stall");
  let written = 0;
  const writing = (async () => {
    for (; written < 40; written++) await job.write(Buffer.alloc(65_536), written === 39);
  })();
  // Whoever is asked after the pieces has seen them all.
  await worker.call("echo");
  expect(written * 65_536).toBeLessThan(WINDOW);
  await worker.call("goOn");
  await writing;
  await job.ended;
  expect(job.json()).toBe(40 * 65_536);
});

it("a long answer is split into frames, and waits for credit between them", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const job = await worker.call("large", String(5 * MIB + 1));
  expect(job.size).toBe(5 * MIB + 1);
  expect(Math.max(...job.chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(FRAME_LIMIT);
  const whole = await worker.call("large", String(FRAME_LIMIT));
  expect([whole.chunks.length, whole.size, whole.ends]).toEqual([1, FRAME_LIMIT, 1]);
});
