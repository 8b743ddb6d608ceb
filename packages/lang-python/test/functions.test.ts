import { Code, type ErrorMessage, type LogMessage, type WorkerMessage } from "@cocaine/core/plugin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, fixture, startEngine } from "./support/engine.ts";

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(fixture("app.py"));
  await engine.hello();
});

afterAll(() => engine[Symbol.asyncDispose]());

async function textOf(method: string, request = "hello"): Promise<string> {
  const { text, error } = await engine.call(method, request);
  expect(error).toBeUndefined();
  return text;
}

async function chunksOf(method: string, request = "hello"): Promise<string[]> {
  const { chunks, error } = await engine.call(method, request);
  expect(error).toBeUndefined();
  return chunks.map((chunk) => Buffer.from(chunk).toString());
}

describe("a function", () => {
  test("answers with bytes", async () => {
    expect(await textOf("echo")).toBe("hello");
  });

  test("answers with text as UTF-8", async () => {
    expect(await textOf("text", "ąę")).toBe("żółć 🐍 ąę");
  });

  test("answers with a bytearray", async () => {
    expect(await textOf("array")).toBe("bytes of hello");
  });

  test("answers with nothing, which is no chunk", async () => {
    expect(await chunksOf("nothing")).toEqual([]);
  });

  test("gets empty bytes where the request is empty", async () => {
    const { chunks, error } = await engine.call("echo");
    expect(error).toBeUndefined();
    expect(chunks).toEqual([]);
    expect(await textOf("length", "")).toBe("0");
  });

  test("answers with a list of chunks, of which empty ones are not sent", async () => {
    expect(await chunksOf("pieces")).toEqual(["one", "two", "three"]);
  });

  test("answers with the chunks of a generator", async () => {
    expect(await chunksOf("chunks")).toEqual(["chunk 0", "chunk 1", "chunk 2"]);
  });

  test("may be a coroutine", async () => {
    expect(await textOf("later")).toBe("later hello");
  });

  test("may be an asynchronous generator", async () => {
    expect(await chunksOf("later_chunks")).toEqual(["a", "b", "c"]);
  });

  test("is told of its job if it takes a second parameter", async () => {
    const { text } = await engine.call("about", "", { metadata: { deadline: 12, own: "driver's" } });
    expect(text).toMatch(/^job-\d+ 1 about 12 driver's$/);
  });

  test("finds other modules beside its own", async () => {
    expect(await textOf("neighbour")).toBe("the module beside");
  });

  test("may be any callable of the module, with or without the job", async () => {
    expect(await textOf("partial")).toBe("partly hello");
    expect(await textOf("instance")).toMatch(/^job-\d+ hello$/);
    expect(await textOf("wrapped")).toBe("wrapped hello");
  });

  test("writes to the log of its app", async () => {
    await textOf("logs");
    const line = await engine.inbox.find((message: WorkerMessage): message is LogMessage => message.code === Code.LOG);
    expect(line).toMatchObject({ level: "warn", message: "took notice", fields: { answer: 42 } });
  });

  test("may write to stdout and stderr whatever it likes", async () => {
    expect(await textOf("noise")).toBe("quiet");
    await expect.poll(() => engine.output()).toContain("to stderr");
    expect(engine.output()).toContain("to stdout: \\udcff");
  });
});

describe("an error", () => {
  test("has the type, the message and the stack of the exception, and the worker lives on", async () => {
    const { error } = await engine.call("fails", "hello");
    expect(error).toMatchObject({ error: "ValueError", message: "wrong: hello" });
    const { stack } = (error as ErrorMessage).details as { stack: string };
    expect(stack).toMatch(/^Traceback \(most recent call last\):\n {2}File ".*app\.py", line \d+, in fails\n/);
    expect(await textOf("echo")).toBe("hello");
  });

  test("comes after the chunks that were sent before it", async () => {
    const { text, error } = await engine.call("fails_late");
    expect(text).toBe("first");
    expect(error).toMatchObject({ error: "LookupError", message: "after the first" });
  });

  test.each([
    ["leaves", "SystemExit", "3"],
    ["interrupts", "KeyboardInterrupt", ""],
    ["unspeakable", "Unspeakable", "its message cannot be shown (RuntimeError)"],
    ["surrogates", "ValueError", "\\udcff"],
  ])("is what becomes of %s", async (method, error, message) => {
    expect((await engine.call(method)).error).toMatchObject({ error, message });
    expect(await textOf("echo")).toBe("hello");
  });

  test("is short, however long the exception's message", async () => {
    const { error } = await engine.call("verbose");
    expect(error?.message.length).toBe(100_001);
  });

  test("says what a response may be", async () => {
    const { error } = await engine.call("number");
    expect(error?.error).toBe("TypeError");
    expect(error?.message).toContain("not int; the language python+json sends JSON values");
  });

  test("names the functions there are if there is none of the task's name", async () => {
    const { error } = await engine.call("nope");
    expect(error?.error).toBe("no-such-method");
    expect(error?.message).toMatch(/^the code has no function 'nope'; it has: about, answers_slowly, array, /);
  });

  test("is what private names and classes are to callers", async () => {
    expect((await engine.call("_private")).error?.error).toBe("no-such-method");
    expect((await engine.call("Unspeakable")).error?.error).toBe("no-such-method");
  });
});

test("HELLO names the functions that the app has, not those that it imported", async () => {
  await using other = await startEngine(fixture("app.py"));
  const { hello } = await other.hello();
  expect(hello).toMatchObject({ protocol: 1, pid: other.process.pid, language: "python", progress: true });
  expect(hello.kit).toMatch(/^python\/\d+\.\d+\.\d+$/);
  expect(hello.methods).toContain("echo");
  expect(hello.methods).not.toContain("wraps");
});
