import { EventEmitter, once } from "node:events";
import { hostname } from "node:os";
import type { Host } from "@cocaine/core";
import { expect, it, onTestFinished, vi } from "vitest";
import { type Client, type ClientOptions, clusterServers, createClient, type TaskServer } from "../../src/index.ts";
import { fixture, startHosts } from "../support/hosts.ts";
import { soon } from "../support/servers.ts";

const code = fixture("tasks.mjs");

/** What the tasks of the app are, on each node at ports of its own. */
const tasks = {
  whole: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" },
  stream: { type: "server+zmq", endpoint: "tcp://*:0", stream: true },
  lsd: { type: "server+lsd", endpoint: "tcp://127.0.0.1:0" },
  called: { type: "call" },
};

const startCluster = (...ids: string[]) => startHosts(ids, code, tasks);

function start(servers: ClientOptions["servers"], options: Partial<ClientOptions> = {}): Client {
  const client = createClient({ servers, ...options });
  onTestFinished(() => client.close());
  client.start();
  return client;
}

const found = (...hosts: Host[]) => clusterServers({ sources: hosts.map((host) => () => host.nodes()), interval: 50 });

it.each(["whole", "stream", "lsd"])("a task of the cluster is called by its name: %s", async (task) => {
  const [a] = (await startCluster("a", "b")) as [Host];
  const client = start(found(a));
  const chunks: string[] = [];
  for await (const chunk of client.call("shop", task, "many 3")) chunks.push(Buffer.from(chunk).toString());
  expect(chunks.join("")).toBe("012");
  if (task !== "whole") expect(chunks).toEqual(["0", "1", "2"]);
  expect(String(await client.request("shop", task, "many 0"))).toBe("");
  await expect(client.request("shop", task, "fail")).rejects.toMatchObject({
    code: task === "lsd" ? "COC_LSD_APP" : "COC_JOB_FAILED",
    message: expect.stringContaining("as you say"),
  });
  await expect(client.request("shop", task, "hang", { deadline: Date.now() + 300 })).rejects.toMatchObject({
    code: "COC_DEADLINE",
  });
  await expect(client.request("shop", task, "hang", { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
    name: "TimeoutError",
  });
});

it("requests go to the node with the fewest of them, evenly where all are alike", async () => {
  const hosts = await startCluster("a", "b", "c");
  const client = start(found(hosts[0] as Host));
  await client.request("shop", "whole", "many 1");
  await vi.waitFor(() =>
    expect(client.info()[0]?.endpoints.map(({ state }) => state)).toEqual(["open", "open", "open"]),
  );
  const asked = await Promise.all(Array.from({ length: 300 }, () => client.request("shop", "whole", "pid")));
  const pids = asked.map(String);
  const counts = [...new Set(pids)].map((pid) => pids.filter((each) => each === pid).length);
  expect(counts).toHaveLength(3);
  expect(Math.min(...counts)).toBeGreaterThan(60);

  // One that does not get on is left alone for the others.
  const slow = client.request("shop", "whole", "hang", { deadline: Date.now() + 5000 }).catch(() => "ended");
  const later = new Set<string>();
  for (let n = 0; n < 100; n++) later.add(String(await client.request("shop", "whole", "pid")));
  expect(later.size).toBe(2);
  expect(await slow).toBe("ended");
});

it("a node that ends, and an app that moves, are noticed, and a request that was refused goes elsewhere", async () => {
  const [a, b] = (await startCluster("a", "b")) as [Host, Host];
  const client = start(found(b, a));
  await client.request("shop", "stream", "many 1");
  let asking = true;
  let done = 0;
  const load = Array.from({ length: 8 }, async () => {
    while (asking) {
      await client.request("shop", "stream", "many 2");
      done++;
    }
  });
  await vi.waitFor(() => expect(done).toBeGreaterThan(50), soon);
  await a.close({ deadline: 2000 });
  const before = done;
  await vi.waitFor(() => expect(done).toBeGreaterThan(before + 50), soon);
  await b.deploy("shop", { type: "js", args: code, tasks });
  const again = done;
  await vi.waitFor(() => expect(done).toBeGreaterThan(again + 50), soon);
  asking = false;
  await Promise.all(load);
  await vi.waitFor(() => expect(client.info()[0]?.endpoints).toHaveLength(1), soon);
});

it("10,000 calls that stream all come to their end", async () => {
  const [a] = (await startCluster("a", "b", "c")) as [Host];
  const client = start(found(a), { backlog: 20_000 });
  const sums = await Promise.all(
    Array.from({ length: 10_000 }, async () => {
      let chunks = 0;
      for await (const _ of client.call("shop", "stream", "many 3")) chunks++;
      return chunks;
    }),
  );
  expect(sums.every((chunks) => chunks === 3)).toBe(true);
}, 60_000);

it("a request that may not run twice is not sent again", async () => {
  const [a] = (await startCluster("a")) as [Host];
  const client = start(found(a));
  await client.request("shop", "whole", "many 1");
  await expect(client.request("shop", "whole", "exit", { maxRetries: 0 })).rejects.toMatchObject({
    code: "COC_WORKER_CRASHED",
  });
  await a.pause("shop");
  const refused = client.request("shop", "lsd", "many 1", { maxRetries: 0, deadline: Date.now() + 5000 });
  await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/COC_LSD_RESOURCE|COC_DEADLINE/) });
  expect(client.info().every(({ resent }) => resent === 0)).toBe(true);
});

it("what cannot be called says so", async () => {
  const [a] = (await startCluster("a")) as [Host];
  const client = start(found(a));
  await client.request("shop", "whole", "many 1");
  const servers: TaskServer[] = [
    { app: "shop", task: "web", type: "server+http", endpoint: "tcp://127.0.0.1:1" },
    { app: "shop", task: "whole", type: "server+zmq", endpoint: "tcp://127.0.0.1:1" },
  ];
  const fixed = start(servers);
  await expect(fixed.request("shop", "web")).rejects.toMatchObject({
    code: "COC_CLIENT_TASK",
    message: expect.stringContaining("server+http"),
  });
  await expect(fixed.request("shop", "none")).rejects.toMatchObject({ code: "COC_CLIENT_TASK" });
  await expect(client.request("shop", "later", "x", { deadline: Date.now() + 200 })).rejects.toMatchObject({
    code: "COC_DEADLINE",
  });
  expect(() => createClient({ servers: [{ ...(servers[0] as TaskServer), endpoint: "nowhere" }] })).toThrow(/nowhere/);
  await client.close();
  await expect(client.request("shop", "whole")).rejects.toMatchObject({ code: "COC_CLIENT_CLOSED" });
});

it("endpoints are those that are reached from here", async () => {
  const node = (host: string, address: string | undefined, ...endpoints: string[]) => ({
    hostname: host,
    address,
    apps: [{ name: "shop", state: "running", tasks: { t: { type: "server+zmq", endpoints } } }],
  });
  const told = async (...nodes: ReturnType<typeof node>[]) => {
    const away = async () => Promise.reject(new Error("away"));
    const source = clusterServers({ sources: [away, async () => nodes] })(AbortSignal.timeout(10_000));
    for await (const servers of source as AsyncIterable<readonly TaskServer[]>)
      return servers.map(({ endpoint }) => endpoint);
    return [];
  };
  expect(await told(node("far", "10.0.0.9", "tcp://*:1"), node("far", undefined, "tcp://0.0.0.0:2"))).toEqual([
    "tcp://10.0.0.9:1",
    "tcp://far:2",
  ]);
  expect(await told(node("far", "::1:2", "tcp://*:1"))).toEqual(["tcp://[::1:2]:1"]);
  expect(await told(node("far", "10.0.0.9", "tcp://127.0.0.1:1", "ipc:///x"))).toEqual([]);
  expect(await told(node(hostname(), "10.0.0.9", "ipc:///x"), node(hostname(), undefined, "tcp://*:4"))).toEqual([
    "ipc:///x",
    "tcp://127.0.0.1:4",
  ]);
});

it("a response that is given up after it came is not taken for a whole one", async () => {
  const [a] = (await startCluster("a")) as [Host];
  const client = start(found(a));
  const giveUp = new AbortController();
  const read: string[] = [];
  const reading = async () => {
    for await (const chunk of client.call("shop", "stream", "many 3", { signal: giveUp.signal })) {
      read.push(Buffer.from(chunk).toString());
      await vi.waitFor(() => expect(client.info()[0]?.open).toBe(0), soon);
      giveUp.abort(new Error("given up"));
    }
  };
  await expect(reading()).rejects.toThrow("given up");
  expect(read).toEqual(["0"]);
});

it("a task that begins to answer in streams at the same endpoint is read as that", async () => {
  const [a] = (await startCluster("a")) as [Host];
  const { endpoints } = (a.app("shop").tasks.stream?.driver ?? {}) as { endpoints: [string] };
  const endpoint = endpoints[0].replace(/\/\/.*:/, "//127.0.0.1:");
  const server = { app: "shop", task: "stream", type: "server+zmq", endpoint };
  const changed = new EventEmitter();
  const client = start(async function* (signal) {
    yield [{ ...server, stream: false }];
    await once(changed, "streams", { signal });
    yield [{ ...server, stream: true }];
  });
  await client.request("shop", "stream", "many 1");
  changed.emit("streams");
  await vi.waitFor(async () => expect(String(await client.request("shop", "stream", "many 3"))).toBe("012"), soon);
});

it("a node that never tells of the others is passed over", async () => {
  const [a] = (await startCluster("a")) as [Host];
  const silent = () => new Promise<never>(() => {});
  const client = start(clusterServers({ sources: [silent, () => a.nodes()], interval: 50, patience: 200 }));
  expect(String(await client.request("shop", "whole", "many 3"))).toBe("012");
});

it("names that nobody has are not kept when their calls have ended", async () => {
  const client = start(async () => []);
  const asked = client.request("shop", "waits", "", { deadline: Date.now() + 200 }).catch((error) => error.code);
  for (let n = 0; n < 100; n++) {
    await expect(client.request("shop", `none-${n}`, "", { deadline: Date.now() - 1 })).rejects.toThrow("deadline");
  }
  expect(client.info().map(({ task }) => task)).toEqual(["waits"]);
  expect(await asked).toBe("COC_DEADLINE");
  expect(client.info()).toEqual([]);
});

it("no node is asked any more once the client is closed", async () => {
  let asked = 0;
  const sources = Array.from({ length: 3 }, () => () => {
    asked++;
    return new Promise<never>(() => {});
  });
  const discovery = new AbortController();
  const iterator = clusterServers({ sources, patience: 60_000 })(discovery.signal) as AsyncIterable<TaskServer[]>;
  const looking = iterator[Symbol.asyncIterator]().next();
  await vi.waitFor(() => expect(asked).toBe(1));
  discovery.abort();
  await expect(looking).rejects.toThrow("aborted");
  expect(asked).toBe(1);
});
