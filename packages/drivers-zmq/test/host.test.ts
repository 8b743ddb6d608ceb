import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry } from "@cocaine/core";
import { expect, test } from "vitest";
import { curveKeyPair, Push, Subscriber } from "zeromq";
import { rawZmqDriver, zmqFeed, zmqServerDriver } from "../src/index.ts";
import { dealer, receive, request } from "./support/clients.ts";
import { localPlugins, type Methods } from "./support/local.ts";
import { python } from "./support/python.ts";
import { afterwards } from "./support/serve.ts";

/** Deploys an app of one worker whose tasks are the methods, each on a port of its own. */
async function deploy(methods: Methods, policy: Record<string, unknown> = {}) {
  const runtimeDir = await mkdtemp(join(tmpdir(), "cocaine-zmq-"));
  afterwards(() => rm(runtimeDir, { recursive: true }));
  const registry = createRegistry().use(localPlugins(methods)).use([zmqServerDriver(), rawZmqDriver()]);
  const host = createHost({ registry, runtimeDir, openFeed: zmqFeed() });
  afterwards(() => host.close({ deadline: 1000 }));
  await host.start();
  const task = { type: "server+zmq", endpoint: "tcp://lo:0", ...policy };
  const { tasks, feed } = await host.deploy("app", {
    type: "local",
    args: "/nowhere",
    engine: { "pool-limit": 1, "queue-limit": 2 },
    pubsub: { endpoint: "tcp://lo:0" },
    tasks: Object.fromEntries(Object.keys(methods).map((name) => [name, task])),
  });
  const endpoint = (name: string) => String([tasks[name]?.driver.endpoints].flat()[0]);
  return { host, endpoint, feed: feed as string };
}

/** Asks on a REQ socket; the code of a failure, or the reply. */
async function ask(endpoint: string, body: string): Promise<unknown> {
  const socket = request(endpoint);
  await socket.send(body);
  const [first, failure] = await receive(socket);
  return failure === undefined ? first : JSON.parse(failure).code;
}

test("a job runs through the engine and its failure reaches the client", async () => {
  const { endpoint } = await deploy({
    greet: (name) => `hello, ${name}`,
    fail() {
      throw new Error("no");
    },
  });
  expect(await ask(endpoint("greet"), "world")).toBe("hello, world");
  expect(await ask(endpoint("fail"), "x")).toBe("COC_JOB_FAILED");
  expect(await ask(endpoint("greet"), "again")).toBe("hello, again");
});

test("what does not fit into the queue is answered with COC_QUEUE_FULL, at once", async () => {
  const { endpoint, host } = await deploy({ hang: () => undefined });
  const socket = dealer(endpoint("hang"));
  for (let at = 0; at < 5; at++) await socket.send([`${at}`, "", "x"]);
  const refused = [await receive(socket), await receive(socket)];
  expect(refused.map(([tag, , , json]) => [tag, JSON.parse(json ?? "").code])).toEqual([
    ["3", "COC_QUEUE_FULL"],
    ["4", "COC_QUEUE_FULL"],
  ]);
  socket.close();
  await expect.poll(() => host.app("app").queue.depth, { timeout: 10_000 }).toBe(0);
});

test("a job past its timeout is answered with COC_DEADLINE", async () => {
  const { endpoint } = await deploy({ hang: () => undefined }, { timeout: 0.1 });
  expect(await ask(endpoint("hang"), "x")).toBe("COC_DEADLINE");
});

test("the feed tells the outcome of jobs", async () => {
  const { endpoint, feed } = await deploy({ greet: (name) => `hello, ${name}` });
  const subscriber = new Subscriber();
  afterwards(() => subscriber.close());
  subscriber.subscribe("@job greet");
  subscriber.connect(feed);
  const heard = subscriber.receive();
  let told = false;
  void heard.then(() => {
    told = true;
  });
  while (!told) await ask(endpoint("greet"), "x");
  const [envelope, body] = (await heard).map(String);
  expect(envelope).toBe("@job greet");
  expect(JSON.parse(body ?? "")).toMatchObject({ outcome: "ok", attempt: 1 });
});

test("a port that is taken fails the deploy and says so", async () => {
  const { endpoint, host } = await deploy({ greet: (name) => name });
  const manifest = {
    type: "local",
    args: "/nowhere",
    tasks: { greet: { type: "server+zmq", endpoint: endpoint("greet") } },
  };
  await expect(host.deploy("other", manifest)).rejects.toMatchObject({
    code: "COC_DEPLOY",
    message: expect.stringContaining(endpoint("greet")),
  });
});

/** Deploys an app whose one task is a socket. */
async function deploySocket(method: Methods[string], task: Record<string, unknown>, engine: Record<string, unknown>) {
  const runtimeDir = await mkdtemp(join(tmpdir(), "cocaine-zmq-"));
  afterwards(() => rm(runtimeDir, { recursive: true }));
  const registry = createRegistry()
    .use(localPlugins({ take: method }))
    .use([zmqServerDriver(), rawZmqDriver()]);
  const host = createHost({ registry, runtimeDir, openFeed: zmqFeed() });
  afterwards(() => host.close({ deadline: 1000 }));
  await host.start();
  const manifest = (own: Record<string, unknown>) => ({
    type: "local",
    args: "/nowhere",
    engine: { "pool-limit": 1, ...own },
    pubsub: { endpoint: "tcp://lo:0" },
    tasks: { take: task },
  });
  const { tasks, feed } = await host.deploy("app", manifest(engine));
  const endpoint = String([tasks.take?.driver.endpoints].flat()[0]);
  return { host, endpoint, feed: feed as string, redeploy: (own = {}) => host.deploy("app", manifest(own)) };
}

test("100,000 messages are run in order by a slow worker, none is lost, and the server does not grow", async () => {
  const seen: number[] = [];
  const slow = (text: string) => {
    seen.push(Number.parseInt(text, 10));
    // Slower than the client, so that the queue is full most of the time.
    for (const until = performance.now() + 0.02; performance.now() < until; );
    return "";
  };
  const { endpoint, host } = await deploySocket(
    slow,
    { type: "raw+zmq", socket: "pull", bind: "tcp://lo:0", backlog: 100 },
    { "queue-limit": 20, prefetch: 0 },
  );
  const before = process.memoryUsage().rss;
  const client = python("flood.py", endpoint, 100_000, 1000);
  afterwards(() => client.kill());
  let deepest = 0;
  let peak = 0;
  await expect
    .poll(
      () => {
        deepest = Math.max(deepest, host.app("app").queue.depth);
        peak = Math.max(peak, process.memoryUsage().rss - before);
        return seen.length;
      },
      { interval: 5, timeout: 60_000 },
    )
    .toBe(100_000);
  expect(seen.every((number, at) => number === at)).toBe(true);
  expect(deepest).toBeGreaterThan(0);
  expect(deepest).toBeLessThanOrEqual(21);
  expect(peak).toBeLessThan(100 * 1024 * 1024);
}, 90_000);

test("the answers to a PULL socket go to the feed, and so do failures", async () => {
  const { endpoint, feed } = await deploySocket(
    (text) => {
      if (text === "bad") throw new Error("as asked");
      return `took ${text}`;
    },
    { type: "raw+zmq", socket: "pull", bind: "tcp://lo:0" },
    {},
  );
  const subscriber = new Subscriber();
  afterwards(() => subscriber.close());
  subscriber.subscribe("take ");
  subscriber.connect(feed);
  const push = new Push({ linger: 0 });
  afterwards(() => push.close());
  push.connect(endpoint);
  const timer = setInterval(() => push.send("one").catch(() => undefined), 20);
  const [envelope, body] = (await subscriber.receive().finally(() => clearInterval(timer))).map(String);
  expect(envelope).toMatch(/^take /);
  expect(body).toBe("took one");
  await push.send("bad");
  for await (const [, told] of subscriber) {
    if (String(told).startsWith("took")) continue;
    expect(String(told)).toContain("as asked");
    break;
  }
});

test("a message of many frames to a PULL socket is a request of as many chunks, however large", async () => {
  const seen: number[] = [];
  const { endpoint, host } = await deploySocket(
    (text) => {
      seen.push(text.length);
      return "";
    },
    { type: "raw+zmq", socket: "pull", bind: "tcp://lo:0" },
    {},
  );
  const push = new Push({ linger: 0 });
  afterwards(() => push.close());
  push.connect(endpoint);
  await push.send(["a", "bc", ""]);
  await push.send(Array(20).fill("x".repeat(1_000_000)));
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([3, 20_000_000]);
  await expect
    .poll(() => host.app("app").tasks.take?.driver, { timeout: 10_000 })
    .toMatchObject({ requests: 2, replies: 2, running: 0 });
});

const keys = curveKeyPair();

test.each([
  ["server+zmq", { type: "server+zmq", endpoint: "tcp://lo:0" }],
  [
    "server+zmq with curve",
    {
      type: "server+zmq",
      endpoint: "tcp://lo:0",
      curve: { "secret-key": keys.secretKey, "allowed-keys": [keys.publicKey] },
    },
  ],
  ["raw+zmq", { type: "raw+zmq", socket: "rep", bind: "tcp://lo:0" }],
])("a reload keeps the socket of %s and the connections of its clients", async (_, task) => {
  const { endpoint, redeploy } = await deploySocket((text) => `echo ${text}`, task, {});
  const socket = request(
    endpoint,
    "curve" in task
      ? { curveServerKey: keys.publicKey, curvePublicKey: keys.publicKey, curveSecretKey: keys.secretKey }
      : {},
  );
  await socket.send("1");
  expect(await receive(socket)).toEqual(["echo 1"]);
  const { tasks } = await redeploy({ "queue-limit": 50 });
  expect([tasks.take?.driver.endpoints].flat()).toEqual([endpoint]);
  await socket.send("2");
  expect(await receive(socket)).toEqual(["echo 2"]);
  expect(tasks.take?.driver).toMatchObject({ requests: 1 });
});
