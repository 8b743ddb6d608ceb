import { afterAll, beforeAll, expect, test } from "vitest";
import { type Engine, fixture, startEngine } from "./support/engine.ts";
import { upload } from "./support/upload.ts";

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(fixture("values.pl"), { type: "perl+json" });
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

test("an empty request is undef, which is null", async () => {
  expect((await engine.call("echo")).text).toBe("null");
});

test("each value of an iterator is a chunk", async () => {
  const { chunks } = await engine.call("upto", "3");
  expect(chunks.map((chunk) => JSON.parse(Buffer.from(chunk).toString()))).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
});

test("a sub is told of its job", async () => {
  expect(await call("about", 1)).toEqual(["about", 1]);
});

test("a request that comes in pieces is gathered", async () => {
  engine.invoke(1, "size", "[0", { end: false });
  engine.write(1, Buffer.from(",1"));
  engine.write(1, Buffer.from(",2]"), true);
  expect((await engine.answer(1)).text).toBe("3");
});

test("a long request is gathered as well", async () => {
  engine.invoke(3, "size", '"', { end: false });
  const sent = upload(engine, 3, 1_000_000);
  const { error } = await engine.answer(3);
  await sent;
  expect(error?.message).toContain("the request is no JSON: ");
});

test("what is no JSON is an error, on the way in and out", async () => {
  expect((await engine.call("echo", "{")).error?.message).toMatch(/^the request is no JSON: (?!.* line \d)/);
  expect((await engine.call("unfit", "1")).error?.message).toMatch(/^the response cannot be JSON: (?!.* line \d)/);
});
