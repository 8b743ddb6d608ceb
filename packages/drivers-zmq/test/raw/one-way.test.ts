import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { python, run } from "../support/python.ts";
import { boundPeer, keeper, peer, raw, send } from "../support/raw.ts";
import { afterwards } from "../support/serve.ts";

const MIB = 1024 * 1024;

test("a PULL socket takes the messages of pyzmq clients, each frame a chunk", async () => {
  const { app, seen } = keeper();
  const { endpoint, info } = await raw(app, { socket: "pull", bind: "tcp://lo:0" });
  const client = await peer("PUSH", endpoint);
  send(client, "one");
  send(client, "two", "", "chunks");
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([["one"], ["two", "", "chunks"]]);
  await expect.poll(info, { timeout: 10_000 }).toMatchObject({ requests: 2, replies: 2, running: 0 });
});

test("a PULL socket that connects takes messages of several", async () => {
  const { app, seen } = keeper();
  const [one, two] = [await boundPeer("PUSH"), await boundPeer("PUSH")];
  await raw(app, { socket: "pull", connect: [one.endpoint, two.endpoint] });
  send(one.client, "from one");
  send(two.client, "from two");
  await expect.poll(() => seen.flat().sort(), { timeout: 10_000 }).toEqual(["from one", "from two"]);
});

test("a PULL socket takes 2,000 messages of a C client in order", async () => {
  const { app, seen } = keeper();
  const folder = await temporaryFolder();
  const { endpoint } = await raw(app, { socket: "pull", bind: "tcp://lo:0" });
  execFileSync("cc", ["-o", `${folder}/push`, fileURLToPath(new URL("../fixtures/push.c", import.meta.url)), "-lzmq"]);
  const client = run(join(folder, "push"), endpoint, 2000);
  afterwards(() => client.kill());
  await client.ended();
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(2000);
  expect(seen).toEqual(Array.from({ length: 2000 }, (_, at) => ["number", String(at)]));
});

test("a SUB socket hears what it subscribed to, and nothing else", async () => {
  const { app, seen } = keeper();
  const { client, endpoint } = await boundPeer("PUB");
  await raw(app, { socket: "sub", connect: endpoint, subscribe: ["weather.", "stock."] });
  const timer = setInterval(() => {
    send(client, "sport.football", "no");
    send(client, "stock.zmq", "up");
    send(client, "weather.oslo", "snow");
  }, 20);
  afterwards(() => clearInterval(timer));
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(10);
  expect(new Set(seen.map((chunks) => chunks.join(" ")))).toEqual(new Set(["stock.zmq up", "weather.oslo snow"]));
});

test("a SUB socket without subscriptions hears all, also where it binds", async () => {
  const { app, seen } = keeper();
  const { endpoint } = await raw(app, { socket: "sub", bind: "tcp://lo:0" });
  const client = await peer("PUB", endpoint);
  const timer = setInterval(() => send(client, "anything"), 20);
  afterwards(() => clearInterval(timer));
  await expect.poll(() => seen[0], { timeout: 10_000 }).toEqual(["anything"]);
});

test("while it is paused a PULL socket leaves what comes with its senders, and loses nothing", async () => {
  const { app, seen } = keeper();
  const { driver, endpoint, info } = await raw(app, { socket: "pull", bind: "tcp://lo:0", backlog: 10 });
  driver.pause?.("full");
  const before = process.memoryUsage().rss;
  const client = python("flood.py", endpoint, 1000, 100_000);
  afterwards(() => client.kill());
  const sent = client.ended();
  let ended = false;
  void sent.then(() => {
    ended = true;
  });
  let peak = 0;
  await expect
    .poll(
      () => {
        peak = Math.max(peak, process.memoryUsage().rss - before);
        return client.process.exitCode ?? "runs";
      },
      { interval: 20, timeout: 500 },
    )
    .toBe("ended")
    .catch(() => undefined);
  expect(ended).toBe(false);
  expect(info().requests).toBe(0);
  expect(peak).toBeLessThan(50 * MIB);
  driver.resume?.();
  await sent;
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1000);
  expect(seen.map(([text]) => Number(text))).toEqual(Array.from({ length: 1000 }, (_, at) => at));
});

test("a message of more than limits.frames is not taken, and the next is", async () => {
  const { app, seen } = keeper();
  const { endpoint, log } = await raw(app, { socket: "pull", bind: "tcp://lo:0", limits: { frames: 2 } });
  const client = await peer("PUSH", endpoint);
  send(client, "1", "2", "3");
  send(client, "1", "2");
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([["1", "2"]]);
  expect(log.lines).toMatchObject([
    { level: "debug", fields: { err: { message: expect.stringContaining("frames") } } },
  ]);
});

test("draining waits for the jobs of the feed, and takes no more", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { driver, endpoint, info } = await raw(
    async function* () {
      await held;
      yield* [];
    },
    { socket: "pull", bind: "tcp://lo:0" },
  );
  const client = await peer("PUSH", endpoint);
  send(client, "1");
  await expect.poll(() => info().running, { timeout: 10_000 }).toBe(1);
  let drained = false;
  const draining = driver.drain().then(() => {
    drained = true;
  });
  send(client, "2");
  expect(drained).toBe(false);
  release();
  await draining;
  expect(info()).toMatchObject({ requests: 1, running: 0 });
});
