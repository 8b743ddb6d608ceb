import { Code, type ErrorMessage, type LogMessage, type WorkerMessage } from "@cocaine/core/plugin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, fixture, startEngine } from "./support/engine.ts";

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(fixture("app.pl"));
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

describe("a sub", () => {
  test("answers with a string", async () => {
    expect(await textOf("echo")).toBe("hello");
    expect(await textOf("number")).toBe("42");
  });

  test("answers with wide characters as UTF-8, and with others as bytes", async () => {
    expect(await textOf("text", "ąę")).toBe("żółć 🐍 ąę");
    expect((await engine.call("latin")).chunks.map((chunk) => Buffer.from(chunk).toString("latin1"))).toEqual(["café"]);
  });

  test("answers with nothing, which is no chunk", async () => {
    expect(await chunksOf("nothing")).toEqual([]);
  });

  test("gets an empty string where the request is empty", async () => {
    expect((await engine.call("echo")).chunks).toEqual([]);
    expect(await textOf("size", "")).toBe("0");
  });

  test("answers with the chunks of a code reference", async () => {
    expect(await chunksOf("chunks")).toEqual(["chunk 0", "chunk 1", "chunk 2"]);
  });

  test("answers with the chunks of an object, of which empty ones are not sent, and closes it", async () => {
    expect(await chunksOf("pieces")).toEqual(["one", "two"]);
    await expect.poll(() => engine.output()).toContain("pieces closed");
  });

  test("answers with the lines of a file", async () => {
    expect(await chunksOf("lines")).toEqual(["one\n", "two\n"]);
  });

  test("may write chunks, and end with another", async () => {
    expect(await chunksOf("pushes")).toEqual(["pushed 1", "pushed 2", "returned"]);
  });

  test("is told of its job", async () => {
    const { text } = await engine.call("about", "", { metadata: { deadline: 12, own: "driver's" } });
    expect(text).toMatch(/^job-\d+ 1 about 12 driver's$/);
  });

  test.each([
    ["escaped", '"\\/\b\f\n\r\t\u0001\u007f'],
    ["wide", "żółć 🐍"],
    ["empty", ""],
    ["long", "x".repeat(70_000)],
    ["of escapes alone", "\\".repeat(70_000)],
  ])("has metadata as it was: %s", async (_, text) => {
    const metadata = { own: { text, more: [1, -2.5e3, true, false, null, {}, []] } };
    expect((await engine.call("metadata", "", { metadata })).text).toBe(text);
  });

  test("finds other modules beside its own", async () => {
    expect(await textOf("neighbour")).toBe("the module beside");
  });

  test("may call what it imported", async () => {
    expect(await textOf("total", "1 2 3")).toBe("6");
  });

  test("writes to the log of its app", async () => {
    await textOf("logs");
    const line = await engine.inbox.find((message: WorkerMessage): message is LogMessage => message.code === Code.LOG);
    expect(line).toMatchObject({ level: "warn", message: "took notice", fields: { answer: 42 } });
  });

  test("may write to stdout and stderr whatever it likes", async () => {
    expect(await textOf("noise")).toBe("quiet");
    await expect.poll(() => engine.output()).toContain("to stderr");
    expect(engine.output()).toContain("to stdout: 🐍");
  });

  test("may start processes, and wait for all of them", async () => {
    expect(await textOf("forks")).toBe("7");
    expect(await textOf("runs")).toBe("run\n");
  });

  test("has the alarm to itself", async () => {
    expect(await textOf("alarms")).toBe("rang\n");
  });
});

describe("an error", () => {
  test("has the message, the line and the stack of the death, and the worker lives on", async () => {
    const { error } = await engine.call("fails", "hello");
    expect(error).toMatchObject({
      error: "die",
      message: expect.stringMatching(/^wrong: hello at .*app\.pl line \d+\.$/),
    });
    const { stack } = (error as ErrorMessage).details as { stack: string };
    expect(stack).toMatch(/^wrong: hello at .*\n\tmain::inner called at .*app\.pl line \d+$/);
    expect(await textOf("echo")).toBe("hello");
  });

  test("comes after the chunks that were sent before it", async () => {
    const { text, error } = await engine.call("fails_late");
    expect(text).toBe("first");
    expect(error).toMatchObject({ error: "die", message: "after the first" });
  });

  test.each([
    ["throws", "Problem", "as an object"],
    ["unspeakable", "Unspeakable", "its message cannot be shown"],
    ["leaves", "exit", "the code called exit(3)"],
    ["wide", "die", "café ż"],
  ])("is what becomes of %s", async (method, error, message) => {
    expect((await engine.call(method)).error).toMatchObject({ error, message });
    expect(await textOf("echo")).toBe("hello");
  });

  test("is short, however long the message", async () => {
    const { error } = await engine.call("verbose");
    expect(error?.message.length).toBe(100_001);
  });

  test("says what a response may be", async () => {
    const { error } = await engine.call("structure");
    expect(error?.message).toContain("not HASH; the language perl+json sends JSON values");
  });

  test("names the subs there are if there is none of the task's name", async () => {
    const { error } = await engine.call("nope");
    expect(error?.error).toBe("no-such-method");
    expect(error?.message).toMatch(/^the code has no sub 'nope'; it has: about, alarms, answers_slowly, /);
  });

  test("is what private names are to callers", async () => {
    expect((await engine.call("_private")).error?.error).toBe("no-such-method");
  });
});

test("HELLO names the subs that the app has, not those that it imported", async () => {
  await using other = await startEngine(fixture("app.pl"));
  const { hello } = await other.hello();
  expect(hello).toMatchObject({ protocol: 1, pid: other.process.pid, language: "perl", progress: true });
  expect(hello.kit).toMatch(/^perl\/\d+\.\d+\.\d+$/);
  expect(hello.methods).toContain("echo");
  expect(hello.methods).not.toContain("sum");
});
