import { Code, FRAME_LIMIT, WINDOW } from "@cocaine/core/plugin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, fixture, startEngine } from "./support/engine.ts";
import { peakMemory } from "./support/memory.ts";
import { upload } from "./support/upload.ts";

const MEGABYTES = 50;
const SIZE = MEGABYTES * 1_000_000;
/** Bytes that a stream may cost a worker: two windows and frames, and what the allocator keeps. */
const FLAT = 12_000_000;

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(fixture("app.pl"));
  await engine.hello();
});

afterAll(() => engine[Symbol.asyncDispose]());

describe("a request in pieces", () => {
  test("is read as it comes, in flat memory", async () => {
    await engine.call("counts", "warm up");
    const before = await peakMemory(engine.process.pid);
    engine.invoke(1, "counts", undefined, { end: false });
    await upload(engine, 1, SIZE);
    expect((await engine.answer(1)).text).toBe(String(SIZE));
    expect(await peakMemory(engine.process.pid)).toBeLessThan(before + FLAT);
  });

  test("is read by size", async () => {
    engine.invoke(2, "reads", "ab", { end: false });
    await upload(engine, 2, 500_000);
    const { chunks } = await engine.answer(2);
    expect(chunks.map((chunk) => chunk.length)).toEqual([3, 300_000, "199999".length]);
    expect(Buffer.from(chunks[0] as Uint8Array).toString()).toBe("abx");
    expect(Buffer.from(chunks[2] as Uint8Array).toString()).toBe("199999");
  });

  test("is read by lines, wherever it was cut", async () => {
    engine.invoke(7, "reads_lines", "li", { end: false });
    for (const piece of ["ne 1\nline 2\n", "line", " 3", "\nline 4"]) engine.write(7, Buffer.from(piece));
    engine.write(7, Buffer.alloc(0), true);
    expect((await engine.answer(7)).text).toBe("line 1\n|line 2\n|line 3\n|line 4");
  });

  test("is gathered where the request is used as a string", async () => {
    engine.invoke(3, "size", "first", { end: false });
    await upload(engine, 3, 1_000_000);
    expect((await engine.answer(3)).text).toBe("1000005");
  });

  test("may end without a last chunk", async () => {
    engine.invoke(4, "echo", "all", { end: false });
    engine.send({ code: Code.WRITE, job: 4, chunk: undefined, end: true });
    expect((await engine.answer(4)).text).toBe("all");
  });

  test("is not asked for by a sub that does not read it", async () => {
    engine.invoke(5, "about", undefined, { end: false, metadata: { own: 1 } });
    expect((await engine.answer(5)).error).toBeUndefined();
    engine.write(5, Buffer.from("too late"), true);
    expect((await engine.call("echo", "next")).text).toBe("next");
  });

  test("can also be read where it came whole", async () => {
    expect((await engine.call("counts", "hello")).text).toBe("5");
  });
});

describe("a response in pieces", () => {
  test("leaves as it is made, in flat memory", async () => {
    const before = await peakMemory(engine.process.pid);
    const { chunks, error } = await engine.call("large", String(MEGABYTES));
    expect(error).toBeUndefined();
    expect(chunks.reduce((total, chunk) => total + chunk.length, 0)).toBe(SIZE);
    expect(await peakMemory(engine.process.pid)).toBeLessThan(before + FLAT);
  });

  test("waits for credit once the window is used up", async () => {
    engine.invoke(6, "writes_forever");
    await expect.poll(() => received(6)).toBeGreaterThanOrEqual(WINDOW);
    // The worker answers nothing else and sends nothing more; another look at it is due to its being stuck.
    engine.send({ code: Code.CREDIT, job: 6, bytes: 10_000 });
    await expect.poll(() => received(6)).toBeGreaterThanOrEqual(WINDOW + 10_000);
    expect(received(6)).toBeLessThan(WINDOW + 10_000 + 1000);
    engine.send({ code: Code.CANCEL, job: 6, reason: "enough" });
    expect((await engine.answer(6)).error).toMatchObject({ error: "cancelled", message: "enough" });
    await expect.poll(() => engine.output()).toContain("stopped writing");
  });

  test("is split where a chunk is longer than a frame", async () => {
    const { chunks } = await engine.call("block", String(FRAME_LIMIT + 5));
    expect(chunks.map((chunk) => chunk.length)).toEqual([FRAME_LIMIT, 5]);
    const long = await engine.call("block", String(3 * FRAME_LIMIT));
    expect(long.chunks.map((chunk) => chunk.length)).toEqual([FRAME_LIMIT, FRAME_LIMIT, FRAME_LIMIT]);
  });

  test.each([255, 256, 65_535, 65_536, FRAME_LIMIT])("has its length of %i bytes in any frame", async (length) => {
    const { chunks } = await engine.call("block", String(length));
    expect(chunks.map((chunk) => chunk.length)).toEqual([length]);
  });
});

/** Bytes of a job's response that came and that no test has taken. */
function received(job: number): number {
  return engine.inbox.messages.reduce(
    (total, message) => (message.code === Code.CHUNK && message.job === job ? total + message.chunk.length : total),
    0,
  );
}
