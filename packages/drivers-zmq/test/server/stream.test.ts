import { createError } from "@cocaine/core/plugin";
import { expect, test } from "vitest";
import { dealer, receive } from "../support/clients.ts";
import { python } from "../support/python.ts";
import { afterwards, echo, serve } from "../support/serve.ts";

const MIB = 1024 * 1024;

test("a streamed reply is a message a chunk, with the envelope, and one of an empty frame", async () => {
  const { endpoint } = await serve(echo, { stream: true });
  const socket = dealer(endpoint);
  await socket.send(["", "a", "b"]);
  expect([await receive(socket), await receive(socket), await receive(socket)]).toEqual([
    ["", "a"],
    ["", "b"],
    ["", ""],
  ]);
  await socket.send(["r1", "r2", "", "c"]);
  expect([await receive(socket), await receive(socket)]).toEqual([
    ["r1", "r2", "", "c"],
    ["r1", "r2", "", ""],
  ]);
});

test("a chunk is sent before the next is there", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { endpoint } = await serve(
    async function* () {
      yield "first";
      await held;
      yield "second";
    },
    { stream: true },
  );
  const socket = dealer(endpoint);
  await socket.send(["", "x"]);
  expect(await receive(socket)).toEqual(["", "first"]);
  release();
  expect(await receive(socket)).toEqual(["", "second"]);
  expect(await receive(socket)).toEqual(["", ""]);
});

test("a failure in the middle of a stream is told by an empty frame and JSON, and ends it", async () => {
  const { endpoint, info } = await serve(
    async function* () {
      yield* ["half", ""];
      throw createError("COC_QUEUE_FULL", "the queue is full");
    },
    { stream: true },
  );
  const socket = dealer(endpoint);
  await socket.send(["1", "", "x"]);
  expect(await receive(socket)).toEqual(["1", "", "half"]);
  const failure = JSON.stringify({ code: "COC_QUEUE_FULL", message: "the queue is full" });
  expect(await receive(socket)).toEqual(["1", "", "", failure]);
  expect(info()).toMatchObject({ failures: 1, replies: 0, running: 0 });
});

test("a pyzmq client that reads slowly gets a stream of 100 MB, and the server does not grow", async () => {
  const { endpoint, info } = await serve(
    async function* () {
      for (let at = 0; at < 1600; at++) yield Buffer.alloc(64 * 1024, at % 251);
    },
    { stream: true, hwm: MIB, limits: { reply: 1000 } },
  );
  const before = process.memoryUsage().rss;
  const client = python("stream.py", endpoint);
  afterwards(() => client.kill());
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss - before);
  }, 5);
  const ended = await client.ended().finally(() => clearInterval(timer));
  expect(ended).toEqual([String(100 * MIB)]);
  expect(peak).toBeLessThan(60 * MIB);
  expect(info()).toMatchObject({ replies: 1, running: 0 });
});
