import { Code, FRAME_LIMIT, WINDOW } from "@cocaine/core/plugin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, startEngine } from "./support/engine.ts";
import { fixture } from "./support/launch.ts";
import { peakMemory } from "./support/memory.ts";
import { upload } from "./support/upload.ts";

const MEGABYTES = 50;
const SIZE = MEGABYTES * 1_000_000;
/** Bytes that a stream may cost a worker: two windows and frames, and what the allocator keeps. */
const FLAT = 8_000_000;

describe.each([1, 2])("with %i jobs at once", (concurrency) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await startEngine(fixture("app.cpp"), { concurrency });
    await engine.hello();
  });

  afterAll(() => engine[Symbol.asyncDispose]());

  describe("a request in pieces", () => {
    test("is read as it comes, in flat memory", async () => {
      const before = await peakMemory(engine.process.pid);
      engine.invoke(1, "counts", undefined, { end: false });
      await upload(engine, 1, SIZE);
      expect((await engine.answer(1)).text).toBe(String(SIZE));
      expect(await peakMemory(engine.process.pid)).toBeLessThan(before + FLAT);
    });

    test("is gathered where it is asked for whole", async () => {
      engine.invoke(3, "length", "first", { end: false });
      await upload(engine, 3, 1_000_000);
      expect((await engine.answer(3)).text).toBe("1000005");
    });

    test("keeps its pieces, and empty ones are none", async () => {
      engine.invoke(4, "iterates", "first", { end: false });
      for (const piece of ["a", "", "ccc"]) engine.write(4, Buffer.from(piece));
      engine.send({ code: Code.WRITE, job: 4, chunk: undefined, end: true });
      expect((await engine.answer(4)).text).toBe("5,1,3,");
    });

    test("is what is left of it, after some was read", async () => {
      engine.invoke(5, "reads", "first", { end: false });
      engine.write(5, Buffer.from("second"));
      engine.write(5, Buffer.from("third"), true);
      expect((await engine.answer(5)).text).toBe("first|secondthird|secondthird|none");
    });

    test("need not be read", async () => {
      engine.invoke(6, "ignores", undefined, { end: false });
      expect(await engine.answer(6)).toMatchObject({ text: "", error: undefined });
      engine.write(6, Buffer.from("too late"), true);
      expect((await engine.call("echo", "next")).text).toBe("next");
    });

    test("can also be read where it came whole", async () => {
      expect((await engine.call("iterates", "hello")).text).toBe("5,");
      expect((await engine.call("iterates", "")).text).toBe("");
      expect((await engine.call("reads", "hello")).text).toBe("hello|||none");
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
      engine.invoke(7, "writes_forever");
      await expect.poll(() => received(7)).toBeGreaterThanOrEqual(WINDOW);
      engine.send({ code: Code.CREDIT, job: 7, bytes: 10_000 });
      await expect.poll(() => received(7)).toBeGreaterThanOrEqual(WINDOW + 10_000);
      expect(received(7)).toBeLessThan(WINDOW + 10_000 + 1000);
      engine.send({ code: Code.CANCEL, job: 7, reason: "enough" });
      expect((await engine.answer(7)).error).toMatchObject({ error: "cancelled", message: "enough" });
      await expect.poll(() => engine.output()).toContain("stopped writing");
    });

    test.each(["block", "ends_with_block"])("is split where a chunk is longer than a frame: %s", async (method) => {
      const { chunks } = await engine.call(method, String(FRAME_LIMIT + 5));
      expect(chunks.map((chunk) => chunk.length)).toEqual([FRAME_LIMIT, 5]);
      const long = await engine.call(method, String(3 * FRAME_LIMIT));
      expect(long.chunks.map((chunk) => chunk.length)).toEqual([FRAME_LIMIT, FRAME_LIMIT, FRAME_LIMIT]);
    });

    test.each([0, 1, 255, 256, 65_535, 65_536, FRAME_LIMIT])(
      "has its length of %i bytes in any frame",
      async (length) => {
        for (const method of ["block", "ends_with_block"]) {
          const { chunks } = await engine.call(method, String(length));
          expect(chunks.map((chunk) => chunk.length)).toEqual(length === 0 ? [] : [length]);
        }
      },
    );
  });

  /** Bytes of a job's response that came and that no test has taken. */
  function received(job: number): number {
    return engine.inbox.messages.reduce(
      (total, message) => (message.code === Code.CHUNK && message.job === job ? total + message.chunk.length : total),
      0,
    );
  }
});
