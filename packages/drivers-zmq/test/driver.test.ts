import { z } from "@cocaine/core/plugin";
import { expect, test } from "vitest";
import { Push } from "zeromq";
import { zmqDriver, zmqEndpoints } from "../src/index.ts";
import { dealer, receive } from "./support/clients.ts";
import { afterwards, echo, start } from "./support/serve.ts";

/** Each message is `[tag, line…]`; each line is a job of its own, answered by itself. */
function linesDriver() {
  return zmqDriver({
    name: "server+lines",
    options: z.strictObject({ endpoint: zmqEndpoints, greeting: z.string() }),
    socket: ({ endpoint }) => ({ type: "router", bind: endpoint, limits: { frames: 8 } }),
    onMessage([tag, ...lines], peer) {
      if (tag === undefined) return;
      for (let at = 0; at < lines.length; at++) {
        if (!peer.flowing) return peer.keep([tag, ...lines.slice(at)]);
        peer.trigger(
          { chunk: lines[at] },
          {
            write: (chunk) => peer.send([tag, peer.options.greeting, chunk]),
            end: () => peer.send([tag, "end"]),
            fail: ({ code }) => peer.send([tag, "error", code]),
          },
        );
      }
    },
  });
}

/** Messages that go to the feed, from a PUSH socket that it connects to. */
function intakeDriver() {
  return zmqDriver({
    name: "intake",
    options: z.strictObject({ from: zmqEndpoints }),
    socket: ({ from }) => ({ type: "pull", connect: from }),
    onMessage: ([chunk, ...rest], peer) => void peer.publish({ chunk, end: rest.length === 0 }, rest),
  });
}

test("a driver of a few lines answers in its own terms", async () => {
  const { endpoint, info } = await start(linesDriver(), echo, { endpoint: "tcp://lo:0", greeting: "hello" });
  const socket = dealer(endpoint);
  await socket.send(["7", "one", "two"]);
  const replies = [await receive(socket), await receive(socket), await receive(socket), await receive(socket)];
  expect(replies.sort()).toEqual([
    ["7", "end"],
    ["7", "end"],
    ["7", "hello", "one"],
    ["7", "hello", "two"],
  ]);
  expect(info()).toMatchObject({ requests: 2, replies: 2, running: 0 });
});

test("its failures, and what comes while it ends, are in its own terms too", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { endpoint, driver, info } = await start(
    linesDriver(),
    async function* (job) {
      if (String(job.request.chunk) === "bad") throw new Error("no");
      await held;
      yield* [];
    },
    { endpoint: "tcp://lo:0", greeting: "hello" },
  );
  const socket = dealer(endpoint);
  await socket.send(["1", "bad"]);
  expect(await receive(socket)).toEqual(["1", "error", "COC_JOB_FAILED"]);
  await socket.send(["2", "slow"]);
  await expect.poll(() => info().running, { timeout: 10_000 }).toBe(1);
  const drained = driver.drain();
  await socket.send(["3", "late"]);
  expect(await receive(socket)).toEqual(["3", "error", "COC_SHUTDOWN"]);
  release();
  expect(await receive(socket)).toEqual(["2", "end"]);
  await drained;
});

test("a message that is interrupted by a pause goes on when it is resumed", async () => {
  const seen: string[] = [];
  const running = await start(
    linesDriver(),
    async function* (job) {
      seen.push(String(job.request.chunk));
      yield* [];
    },
    { endpoint: "tcp://lo:0", greeting: "hello" },
  );
  const plugin = linesDriver();
  let count = 0;
  const driver = plugin.create(plugin.options.parse({ endpoint: "tcp://lo:0", greeting: "x" }), {
    ...running.context,
    trigger(request, response) {
      if (++count === 2) driver.pause?.("full");
      return running.context.trigger(request, response);
    },
  });
  afterwards(() => driver.close());
  await driver.start();
  const { endpoints } = (driver.info?.() ?? {}) as { endpoints: string[] };
  const socket = dealer(endpoints[0] as string);
  await socket.send(["1", "a", "b", "c", "d"]);
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["a", "b"]);
  expect(count).toBe(2);
  driver.resume?.();
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["a", "b", "c", "d"]);
});

test("a driver of another socket type sends its messages to the feed", async () => {
  const seen: string[][] = [];
  const push = new Push({ linger: 0 });
  afterwards(() => push.close());
  await push.bind("tcp://127.0.0.1:0");
  const { info } = await start(
    intakeDriver(),
    async function* (job) {
      const chunks: string[] = [];
      for await (const chunk of job.chunks()) chunks.push(String(chunk));
      seen.push(chunks);
      yield* [];
    },
    { from: push.lastEndpoint },
  );
  await push.send("one");
  await push.send(["two", "chunks"]);
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([["one"], ["two", "chunks"]]);
  await expect.poll(info, { timeout: 10_000 }).toMatchObject({ requests: 2, replies: 2, running: 0 });
});
