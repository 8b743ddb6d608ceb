import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { Subscriber } from "zeromq";
import { zmqFeed } from "../../src/index.ts";
import { keepingLogger } from "../support/log.ts";
import { type Client, python } from "../support/python.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(endpoint: string, options?: Parameters<typeof zmqFeed>[0]) {
  const log = keepingLogger();
  const feed = await zmqFeed(options)(endpoint, log);
  cleanups.push(() => feed.close());
  return { feed, log };
}

function subscribe(endpoint: string, prefix: string): Client {
  const client = python("sub.py", endpoint, prefix);
  cleanups.push(() => client.kill());
  return client;
}

/** Publishes until the subscriber hears it: a subscription takes a moment to reach the publisher. */
async function publishUntil(publish: () => void, heard: Promise<unknown>): Promise<void> {
  const timer = setInterval(publish, 20);
  await heard.finally(() => clearInterval(timer));
}

test("a pyzmq subscriber gets the frames that its prefix matches", async () => {
  const { feed } = await open("tcp://lo:0");
  expect(feed.endpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const client = subscribe(feed.endpoint, "count ");
  const first = client.line();
  await publishUntil(() => {
    feed.publish("other total node1 1.000", "no");
    feed.publish("count total node1 1.000", "да");
  }, first);
  expect(await first).toBe("count total node1 1.000 | да");
});

test("a zeromq subscriber gets the frames, in order", async () => {
  const { feed } = await open("tcp://*:0");
  const subscriber = new Subscriber({ receiveHighWaterMark: 0 });
  cleanups.push(() => subscriber.close());
  subscriber.subscribe("n ", "ready");
  subscriber.connect(feed.endpoint.replace("0.0.0.0", "127.0.0.1"));
  await publishUntil(() => feed.publish("ready", ""), subscriber.receive());

  for (let at = 0; at < 500; at++) feed.publish(`n ${at}`, `body ${at}`);
  const got: string[] = [];
  while (got.length < 500) {
    const [envelope, body] = await subscriber.receive();
    if (envelope?.toString() !== "ready") got.push(`${envelope} ${body}`);
  }
  expect(got).toEqual(Array.from({ length: 500 }, (_, at) => `n ${at} body ${at}`));
});

test("a feed over a Unix socket works", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cocaine-feed-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const { feed } = await open(`ipc://${folder}/feed`);
  const line = subscribe(feed.endpoint, "").line();
  await publishUntil(() => feed.publish("a", "b"), line);
  expect(await line).toBe("a | b");
});

test("what is published right before close still arrives, and nothing after it", async () => {
  const { feed } = await open("tcp://lo:0");
  const client = subscribe(feed.endpoint, "");
  const first = client.line();
  await publishUntil(() => feed.publish("first", ""), first);
  feed.publish("last", "words");
  await feed.close();
  feed.publish("after", "");
  let line = await client.line();
  while (line === "first | ") line = await client.line();
  expect(line).toBe("last | words");
});

test("close gives the address back at once and may be called twice", async () => {
  const { feed } = await open("tcp://lo:0");
  await Promise.all([feed.close(), feed.close()]);
  await feed.close();
  const { feed: again } = await open(feed.endpoint);
  expect(again.endpoint).toBe(feed.endpoint);
});

test("a port that is taken is COC_FEED_ADDRESS_IN_USE and names the endpoint", async () => {
  const { feed } = await open("tcp://lo:0");
  await expect(open(feed.endpoint)).rejects.toMatchObject({
    code: "COC_FEED_ADDRESS_IN_USE",
    message: expect.stringContaining(feed.endpoint),
    cause: expect.objectContaining({ code: "EADDRINUSE" }),
  });
});

test("a Unix socket that another program listens on is not taken from it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cocaine-feed-"));
  const server = createServer().listen(join(folder, "feed"));
  cleanups.push(
    () => rm(folder, { recursive: true, force: true }),
    () => server.close(),
  );
  await expect(open(`ipc://${folder}/feed`)).rejects.toMatchObject({ code: "COC_FEED_ADDRESS_IN_USE" });
});

test.each(["tcp://nosuchinterface:1", "http://localhost", "nonsense"])("%s is COC_FEED_ENDPOINT", async (endpoint) => {
  await expect(open(endpoint)).rejects.toMatchObject({
    code: "COC_FEED_ENDPOINT",
    message: expect.stringContaining(endpoint),
  });
});

test("a burst beyond the backlog drops the oldest and tells the log once", async () => {
  const { feed, log } = await open("tcp://lo:0", { backlog: 100 });
  const client = subscribe(feed.endpoint, "");
  const first = client.line();
  await publishUntil(() => feed.publish("ready", ""), first);
  for (let at = 0; at < 1101; at++) feed.publish("n", String(at));
  await feed.close();
  const reports = log.lines.filter(({ message }) => message.includes("cannot keep up"));
  expect(reports.map(({ level, fields }) => ({ level, ...fields }))).toEqual([
    { level: "warn", endpoint: feed.endpoint, dropped: expect.toSatisfy((count) => count >= 1000 && count <= 1002) },
  ]);
  expect(log.lines).toEqual(reports);
});

test("what nobody asks for is not sent, and is again when somebody does", async () => {
  const { feed, log } = await open("tcp://lo:0", { backlog: 50 });
  for (let at = 0; at < 100; at++) feed.publish("n", String(at));
  const subscriber = new Subscriber();
  cleanups.push(() => subscriber.close());
  subscriber.subscribe("n");
  subscriber.connect(feed.endpoint);
  await publishUntil(() => feed.publish("n", "heard"), subscriber.receive());
  for (let at = 0; at < 100; at++) feed.publish("other", String(at));

  subscriber.unsubscribe("n");
  subscriber.subscribe("other");
  const heard = (async () => {
    for await (const [envelope] of subscriber) if (String(envelope) === "other") return;
  })();
  await publishUntil(() => feed.publish("other", ""), heard);
  await feed.close();
  expect(log.lines).toEqual([]);
});

test("a prefix that ends within a character still finds its messages", async () => {
  const { feed } = await open("tcp://lo:0");
  const subscriber = new Subscriber();
  cleanups.push(() => subscriber.close());
  subscriber.subscribe(Buffer.from("да").subarray(0, 3));
  subscriber.connect(feed.endpoint);
  const heard = subscriber.receive();
  await publishUntil(() => {
    feed.publish("нет", "no");
    feed.publish("да", "yes");
  }, heard);
  expect((await heard).map(String)).toEqual(["да", "yes"]);
});

test("a subscriber that stopped reading does not grow the server", async () => {
  const { feed } = await open("tcp://lo:0", { hwm: 100 });
  const client = subscribe(feed.endpoint, "");
  const first = client.line();
  await publishUntil(() => feed.publish("ready", ""), first);
  client.process.kill("SIGSTOP");
  const body = "x".repeat(10_000);
  const before = process.memoryUsage().rss;
  for (let at = 0; at < 30_000; at++) {
    feed.publish("n", body);
    if (at % 50 === 0) await turn();
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
});
