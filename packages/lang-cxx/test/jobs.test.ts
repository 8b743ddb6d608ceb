import { type ChunkMessage, Code, type LogMessage } from "@cocaine/core/plugin";
import { describe, expect, test } from "vitest";
import { startEngine } from "./support/engine.ts";
import { fixture } from "./support/launch.ts";

async function started(concurrency = 1) {
  const engine = await startEngine(fixture("app.cpp"), { concurrency });
  await engine.hello();
  return engine;
}

describe("jobs that were sent ahead", () => {
  test("run in their order", async () => {
    await using engine = await started();
    for (let job = 1; job <= 500; job++) engine.invoke(job, "echo", String(job));
    for (let job = 1; job <= 500; job++) expect((await engine.answer(job)).text).toBe(String(job));
    expect(await engine.mark()).toBe(500);
  });

  test("have not begun beyond the mark, which outlives a kill -9", async () => {
    await using engine = await started();
    engine.invoke(7, "echo", "done");
    engine.invoke(8, "spins");
    engine.invoke(9, "echo", "never begun");
    expect((await engine.answer(7)).text).toBe("done");
    await expect.poll(() => engine.mark()).toBe(8);
    engine.process.kill("SIGKILL");
    await engine.exited;
    expect(await engine.mark()).toBe(8);
  });

  test("have their answers while a later one runs", async () => {
    await using engine = await started();
    engine.invoke(1, "echo", "first");
    engine.invoke(2, "spins");
    expect((await engine.answer(1)).text).toBe("first");
  });

  test.each([1, 2])("are dropped when they are cancelled before they begin, %i at once", async (concurrency) => {
    await using engine = await started(concurrency);
    for (let job = 1; job <= concurrency; job++) engine.invoke(job, "sleeps", "200");
    engine.invoke(12, "echo", "unwanted");
    engine.invoke(13, "length", "unwanted", { end: false });
    engine.invoke(14, "echo", "wanted");
    engine.send({ code: Code.CANCEL, job: 12, reason: "the deadline passed" });
    engine.send({ code: Code.CANCEL, job: 13, reason: "" });
    expect((await engine.answer(12)).error).toMatchObject({ error: "cancelled", message: "the deadline passed" });
    expect((await engine.answer(13)).error).toMatchObject({ error: "cancelled", message: "the job was cancelled" });
    expect((await engine.answer(1)).text).toBe("slept");
    expect((await engine.answer(14)).text).toBe("wanted");
  });

  test.each([1, 2])("are answered before the worker ends at TERMINATE, with 0, %i at once", async (concurrency) => {
    await using engine = await started(concurrency);
    engine.invoke(1, "sleeps", "100");
    engine.invoke(2, "sleeps", "150");
    engine.invoke(3, "length", "a", { end: false });
    engine.send({ code: Code.TERMINATE, reason: "test" });
    expect((await engine.answer(1)).text).toBe("slept");
    // What belongs to a job that was sent before still counts.
    engine.write(3, Buffer.from("bc"), true);
    expect((await engine.answer(2)).text).toBe("slept");
    expect((await engine.answer(3)).text).toBe("3");
    expect(await engine.exited).toEqual({ code: 0, signal: null });
  });
});

describe.each([1, 2])("a job that is cancelled while it runs, %i at once", (concurrency) => {
  test("is stopped where it reads", async () => {
    await using engine = await started(concurrency);
    engine.invoke(1, "counts", Buffer.alloc(200_000), { end: false });
    await engine.inbox.find((message): message is typeof message => message.code === Code.CREDIT);
    engine.send({ code: Code.CANCEL, job: 1, reason: "gone" });
    expect((await engine.answer(1)).error).toMatchObject({ error: "cancelled", message: "gone" });
    await expect.poll(() => engine.output()).toBe("stopped counting\n");
    expect((await engine.call("echo", "next")).text).toBe("next");
  });

  test("is stopped where it writes, even while it has credit", async () => {
    await using engine = await started(concurrency);
    engine.invoke(1, "trickles");
    await engine.inbox.find((message): message is typeof message => message.code === Code.CHUNK);
    engine.send({ code: Code.CANCEL, job: 1, reason: "gone" });
    expect((await engine.answer(1)).error).toMatchObject({ error: "cancelled", message: "gone" });
    await expect.poll(() => engine.output()).toBe("stopped trickling\n");
  });

  test("can look for itself", async () => {
    await using engine = await started(concurrency);
    engine.invoke(1, "looks");
    await engine.inbox.find((message): message is typeof message => message.code === Code.CHUNK);
    engine.send({ code: Code.CANCEL, job: 1, reason: "gone" });
    expect((await engine.answer(1)).error).toMatchObject({ message: "given up" });
    await expect.poll(() => engine.output()).toContain("I saw it");
  });
});

describe("an exception", () => {
  test.each([
    ["sells", "shop::sold_out", "no more"],
    ["throws_text", "char const*", "only text"],
    ["throws_number", "int", "an exception that is no std::exception"],
    ["throws_bytes", "std::runtime_error", "bad \\xff\\xc3 bytes"],
    ["throws_late", "std::out_of_range", "the rest is lost"],
    ["nowhere", "no-such-method", 'the code has no handler "nowhere"; it has: about, '],
  ])("is told with its type and message, and the worker lives on: %s", async (method, error, message) => {
    await using engine = await started();
    expect((await engine.call(method)).error).toMatchObject({ error, message: expect.stringContaining(message) });
    expect((await engine.call("echo", "next")).text).toBe("next");
  });

  test("has no endless message", async () => {
    await using engine = await started();
    const { error } = await engine.call("throws_much");
    expect(error?.message).toBe(`${"x".repeat(100_000)}…`);
  });

  test("after the end of the response is told on standard error", async () => {
    await using engine = await started();
    expect(await engine.call("ends_early")).toMatchObject({ text: "done", error: undefined });
    await expect.poll(() => engine.output()).toBe("std::runtime_error after end(): too late to tell\n");
    expect((await engine.call("echo", "next")).text).toBe("next");
  });
});

test("a job knows what the engine says of it", async () => {
  await using engine = await started();
  const metadata = { deadline: 1_700_000_000_123, odd: { id: "другой", list: [1, "]}", null] }, text: '"\\\n😀' };
  expect((await engine.call("about", "", { metadata: { id: 'jöb-"1"😀', attempt: 2, ...metadata } })).text).toBe(
    'jöb-"1"😀 2 1700000000123 about plain',
  );
  expect((await engine.call("about", "")).text).toMatch(/^job-\d+ 1 none about plain$/);
  const { text } = await engine.call("metadata", "", { metadata });
  expect(JSON.parse(text)).toMatchObject(metadata);
});

test("a job writes to the app's log", async () => {
  await using engine = await started();
  engine.invoke(1, "logs");
  const isLog = (message: { code: number }): message is LogMessage => message.code === Code.LOG;
  expect(await engine.inbox.find(isLog)).toMatchObject({ job: 1, level: "info", message: "plain", fields: undefined });
  expect(await engine.inbox.find(isLog)).toMatchObject({
    level: "warn",
    message: "with \\xff bytes",
    fields: { who: '"me"\n', n: "1" },
  });
  expect((await engine.answer(1)).text).toBe("logged");
});

test("a response is over at its end", async () => {
  await using engine = await started();
  expect((await engine.call("writes_after_end")).error).toBeUndefined();
  await expect.poll(() => engine.output()).toBe("the response has ended: nothing can be sent after end()\n");
});

test("chunks of a slow job leave before the next is made", async () => {
  await using engine = await started();
  engine.invoke(1, "answers_slowly", undefined, { end: false });
  const first = await engine.inbox.find((message): message is typeof message => message.code === Code.CHUNK);
  expect(first).toMatchObject({ job: 1, chunk: Buffer.from("first ") });
  engine.write(1, Buffer.from("go on"), true);
  expect((await engine.answer(1)).text).toBe("go on");
});

test("a chunk that has not left when the job ends is told to be its last", async () => {
  await using engine = await started();
  const ends: boolean[] = [];
  for (let job = 1; job <= 20; job++) {
    engine.invoke(job, "block", "100");
    const chunk = await engine.inbox.find(
      (message): message is ChunkMessage => message.code === Code.CHUNK && message.job === job,
    );
    ends.push(chunk.end);
    if (!chunk.end) await engine.answer(job);
  }
  // A busy machine may let one leave before.
  expect(ends).toContain(true);
  expect(engine.inbox.messages).toEqual([]);
});

describe("with several jobs at once", () => {
  test("they run side by side", async () => {
    await using engine = await started(4);
    for (let job = 1; job <= 4; job++) engine.invoke(job, "meets", "4");
    for (let job = 1; job <= 4; job++) expect((await engine.answer(job)).text).toBe("met");
  });

  test("there are as many threads as were needed", async () => {
    await using engine = await started(100);
    for (let round = 0; round < 20; round++) expect((await engine.call("threads")).text).toBe("1");
  });

  test("no job is taken to have not begun", async () => {
    await using engine = await startEngine(fixture("app.cpp"), { concurrency: 2 });
    expect((await engine.hello()).hello.progress).toBe(false);
    await engine.call("echo", "x");
    expect(await engine.mark()).toBe(0);
  });

  test("each has its own answer", async () => {
    await using engine = await started(8);
    for (let job = 1; job <= 2000; job++) engine.invoke(job, "echo", String(job));
    for (let job = 1; job <= 2000; job++) expect((await engine.answer(job)).text).toBe(String(job));
  });
});
