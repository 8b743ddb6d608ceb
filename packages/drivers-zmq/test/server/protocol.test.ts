import { createError } from "@cocaine/core/plugin";
import { expect, test } from "vitest";
import { dealer, receive, request } from "../support/clients.ts";
import { echo, serve } from "../support/serve.ts";

test("a request is answered with its envelope and the response", async () => {
  const { endpoint } = await serve(echo);
  const socket = dealer(endpoint);
  await socket.send(["", "hello"]);
  expect(await receive(socket)).toEqual(["", "hello"]);
});

test("routing frames come back before the delimiter", async () => {
  const { endpoint } = await serve(echo);
  const socket = dealer(endpoint);
  await socket.send(["r1", "r2", "", "hello"]);
  expect(await receive(socket)).toEqual(["r1", "r2", "", "hello"]);
});

test("a request of several frames is several chunks, and so is its reply", async () => {
  const { endpoint } = await serve(echo);
  const socket = dealer(endpoint);
  const chunks = Array.from({ length: 100 }, (_, at) => `chunk ${at}`);
  await socket.send(["r", "", ...chunks]);
  expect(await receive(socket)).toEqual(["r", "", ...chunks]);
});

test("only the first empty frame is the delimiter", async () => {
  const { endpoint } = await serve(async function* (job) {
    const lengths: number[] = [];
    for await (const chunk of job.chunks()) lengths.push(chunk.length);
    yield JSON.stringify(lengths);
  });
  const socket = dealer(endpoint);
  await socket.send(["", "a", "", "bc"]);
  expect(await receive(socket)).toEqual(["", "[1,0,2]"]);
});

test("a delimiter alone is an empty request", async () => {
  const { endpoint } = await serve(async function* (job) {
    yield `${job.request.chunk === undefined} ${job.request.end}`;
  });
  const socket = dealer(endpoint);
  await socket.send([""]);
  expect(await receive(socket)).toEqual(["", "true true"]);
});

test("a response without chunks is one empty frame", async () => {
  const { endpoint } = await serve(async function* () {});
  const socket = dealer(endpoint);
  await socket.send(["", "x"]);
  expect(await receive(socket)).toEqual(["", ""]);
  await socket.send(["r", "", "x"]);
  expect(await receive(socket)).toEqual(["r", "", ""]);
});

test("empty chunks are not sent", async () => {
  const { endpoint } = await serve(async function* () {
    yield* ["", "a", "", "b", ""];
  });
  const socket = dealer(endpoint);
  await socket.send(["", "x"]);
  expect(await receive(socket)).toEqual(["", "a", "b"]);
});

test("a failure is an empty frame and JSON, whatever was written before", async () => {
  const { endpoint, info } = await serve(async function* () {
    yield "half";
    throw createError("COC_QUEUE_FULL", "the queue is full");
  });
  const failure = JSON.stringify({ code: "COC_QUEUE_FULL", message: "the queue is full" });
  const socket = dealer(endpoint);
  await socket.send(["", "x"]);
  expect(await receive(socket)).toEqual(["", "", failure]);
  await socket.send(["r", "", "x"]);
  expect(await receive(socket)).toEqual(["r", "", "", failure]);
  expect(info()).toMatchObject({ requests: 2, failures: 2, replies: 0, running: 0 });
});

test("a REQ client hears a failure and can go on asking", async () => {
  const { endpoint } = await serve(async function* (job) {
    if (job.request.chunk?.length === 3) throw new Error("three");
    yield "fine";
  });
  const socket = request(endpoint);
  await socket.send("bad");
  const [empty, json] = await receive(socket);
  expect([empty, JSON.parse(json ?? "")]).toEqual(["", { code: "COC_JOB_FAILED", message: "three" }]);
  await socket.send("good");
  expect(await receive(socket)).toEqual(["fine"]);
});

test("a message without a delimiter is answered with COC_ZMQ_ENVELOPE and counted", async () => {
  const { endpoint, info, log } = await serve(echo);
  const socket = dealer(endpoint);
  await socket.send("hello");
  const [first, second, json] = await receive(socket);
  expect([first, second, JSON.parse(json ?? "").code]).toEqual(["", "", "COC_ZMQ_ENVELOPE"]);
  await socket.send(["", "still here"]);
  expect(await receive(socket)).toEqual(["", "still here"]);
  expect(info()).toMatchObject({ refused: 1, requests: 1 });
  expect(log.lines).toMatchObject([{ level: "debug", fields: { code: "COC_ZMQ_ENVELOPE", refused: 1 } }]);
});

test("a reply over its limit is answered with COC_ZMQ_REPLY_TOO_LARGE and its job is cancelled", async () => {
  let cancelled: unknown;
  const { endpoint, info } = await serve(
    async function* (job) {
      while (!job.signal.aborted) yield Buffer.alloc(10_000);
      cancelled = job.signal.reason;
    },
    { limits: { reply: 100_000 } },
  );
  const socket = dealer(endpoint);
  await socket.send(["", "x"]);
  const [delimiter, empty, json] = await receive(socket);
  expect([delimiter, empty, JSON.parse(json ?? "").code]).toEqual(["", "", "COC_ZMQ_REPLY_TOO_LARGE"]);
  expect(info()).toMatchObject({ failures: 1, running: 0 });
  await expect.poll(() => cancelled, { timeout: 10_000 }).toMatch(/larger than 100000 bytes/);
});

test("a slow job does not hold up the replies of later ones", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { endpoint } = await serve(async function* (job) {
    for await (const chunk of job.chunks()) {
      if (String(chunk) === "slow") await held;
      yield chunk;
      yield "end";
    }
  });
  const socket = dealer(endpoint);
  await socket.send(["1", "", "slow"]);
  await socket.send(["2", "", "quick"]);
  expect(await receive(socket)).toEqual(["2", "", "quick", "end"]);
  release();
  expect(await receive(socket)).toEqual(["1", "", "slow", "end"]);
});
