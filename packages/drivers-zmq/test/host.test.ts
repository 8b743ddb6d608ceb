import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry } from "@cocaine/core";
import { expect, test } from "vitest";
import { Subscriber } from "zeromq";
import { zmqFeed, zmqServerDriver } from "../src/index.ts";
import { dealer, receive, request } from "./support/clients.ts";
import { localPlugins, type Methods } from "./support/local.ts";
import { afterwards } from "./support/serve.ts";

/** Deploys an app of one worker whose tasks are the methods, each on a port of its own. */
async function deploy(methods: Methods, policy: Record<string, unknown> = {}) {
  const runtimeDir = await mkdtemp(join(tmpdir(), "cocaine-zmq-"));
  afterwards(() => rm(runtimeDir, { recursive: true }));
  const registry = createRegistry().use(localPlugins(methods)).use(zmqServerDriver());
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
