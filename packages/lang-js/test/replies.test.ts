import { expect, it } from "vitest";
import { startWorker } from "./support/worker.ts";

it("whatever a method answers with becomes chunks", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const texts: Record<string, string[]> = {
    echo: ["same"],
    later: ["same"],
    text: ["grüße, мир 🌍"],
    привет: ["мир"],
    number: ["42"],
    no: ["false"],
    list: ["[1,2]"],
    nothing: [],
    nil: [],
    buffer: ["array"],
    generator: ["a", "b", '{"c":1}'],
    asyncGenerator: ["x", "y"],
    readable: ["r1", "r2"],
    webStream: ["w1", "w2"],
  };
  for (const [method, expected] of Object.entries(texts)) {
    const job = await worker.call(method, "same");
    expect(job.failure, method).toBeUndefined();
    expect(
      job.chunks.map((chunk) => Buffer.from(chunk).toString("utf8")),
      method,
    ).toEqual(expected);
    expect(job.ends, method).toBe(1);
  }
  expect((await worker.call("json", '{"a":"ж"}')).json()).toEqual({ got: { a: "ж" }, list: [1, null, "ü"] });
  const floats = await worker.call("floats");
  expect(Buffer.concat(floats.chunks)).toEqual(Buffer.from(new Float64Array([1.5]).buffer));
});

it("a failure becomes an error with its stack, and the worker lives on", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const thrown = await worker.call("fail");
  expect(thrown.failure).toMatchObject({ error: "TypeError", message: "no good" });
  expect(thrown.failure?.details).toEqual({ stack: expect.stringContaining("app.mjs") });
  expect((await worker.call("reject")).failure).toMatchObject({ error: "Error", message: "just text" });
  expect((await worker.call("throwData")).failure?.message).toContain('"reason":"data"');
  expect((await worker.call("symbol")).failure).toMatchObject({ error: "TypeError" });
  const broken = await worker.call("broken");
  expect([broken.text(), broken.failure?.error, broken.ends]).toEqual(["first", "RangeError", 1]);
  expect((await worker.call("echo", "alive")).text()).toBe("alive");
});

it("a method that the code does not have is an error that names those it has", async () => {
  const worker = await startWorker("common.cjs");
  await worker.hello();
  const { failure } = await worker.call("constructor");
  expect(failure).toMatchObject({ error: "no-such-method", message: expect.stringContaining("it has: greet") });
});

it("a job says what the engine said of it", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const told = { attempt: 3, deadline: 1_900_000_000_000, fs: { path: "/ж" } };
  expect((await worker.call("describe", "", told)).json()).toEqual({
    id: "id-1",
    attempt: 3,
    deadline: 1_900_000_000_000,
    method: "describe",
    metadata: { id: "id-1", ...told },
    aborted: false,
    whole: true,
  });
});

it("CommonJS methods keep their module as `this`", async () => {
  const worker = await startWorker("common.cjs");
  expect((await worker.hello()).hello.methods).toEqual(["greet"]);
  expect((await worker.call("greet", "you")).text()).toBe("hello you");
});

it("what the code prints is output, never protocol", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  expect((await worker.call("noise")).text()).toBe("quiet");
  await expect.poll(() => [...worker.link.output()].sort()).toEqual(["to stderr", "to stdout"]);
});

it("log lines carry level and fields, whatever those are", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  await worker.call("circular");
  expect(worker.logs).toMatchObject([
    { level: "info", message: "circular", fields: { omitted: expect.stringContaining("circular") } },
  ]);
});
