import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, fixture, startEngine } from "./support/engine.ts";
import { upload } from "./support/upload.ts";

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(fixture("values.py"), { type: "python+json" });
  await engine.hello();
});

afterAll(() => engine[Symbol.asyncDispose]());

async function call(method: string, value: unknown): Promise<unknown> {
  const { text, error } = await engine.call(method, JSON.stringify(value));
  expect(error).toBeUndefined();
  return JSON.parse(text);
}

test.each([{ a: [1, 2.5, null, true, "żółć"] }, [], "text", 5, false, null])(
  "%j comes back as it was",
  async (value) => {
    expect(await call("echo", value)).toEqual(value);
  },
);

test("an empty request is null", async () => {
  expect((await engine.call("echo")).text).toBe("null");
});

test("each value of a generator is a chunk", async () => {
  const { chunks } = await engine.call("upto", "3");
  expect(chunks.map((chunk) => JSON.parse(Buffer.from(chunk).toString()))).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
});

test("coroutines and asynchronous generators answer with values", async () => {
  expect(await call("later", [1])).toEqual({ later: [1] });
  expect((await engine.call("later_upto", "2")).chunks).toHaveLength(2);
});

test("a function is told of its job", async () => {
  expect(await call("about", 1)).toEqual(["about", 1]);
});

test("a request that comes in pieces is gathered", async () => {
  engine.invoke(1, "size", "[0", { end: false });
  engine.write(1, Buffer.from(",1"));
  engine.write(1, Buffer.from(",2]"), true);
  expect((await engine.answer(1)).text).toBe("3");
  engine.invoke(2, "about", undefined, { end: false });
  engine.write(2, Buffer.from("7"), true);
  expect((await engine.answer(2)).text).toBe('["about",7]');
});

test("a long request is gathered as well", async () => {
  engine.invoke(3, "size", '"', { end: false });
  const sent = upload(engine, 3, 1_000_000);
  const { error } = await engine.answer(3);
  await sent;
  expect(error?.error).toBe("JSONDecodeError");
});

test("what is no JSON is an error, on the way in and out", async () => {
  expect((await engine.call("echo", "{")).error?.error).toBe("JSONDecodeError");
  expect((await engine.call("unfit", "1")).error).toMatchObject({ error: "TypeError" });
  expect((await engine.call("not_a_number", "1")).error).toMatchObject({ error: "ValueError" });
});
