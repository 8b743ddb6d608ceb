import { type LogFields, type Logger, silentLogger } from "@cocaine/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Node, type TestCluster, TTL, testCluster } from "../support/cluster.ts";
import { manifestOf } from "../support/scripted.ts";

const once = manifestOf({}, { cluster: "once" });

describe("a task that runs once in the cluster", () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = testCluster();
  });
  afterEach(() => cluster.close());

  const leaseOf = ({ host }: Node) => host.app("shop").tasks.event?.lease;
  const holders = (nodes: readonly Node[]) => nodes.filter((node) => leaseOf(node)?.held);
  const outcome = (node: Node) => node.contexts.get("event")?.publish({});

  async function deployed(...ids: string[]): Promise<Node[]> {
    const nodes = await Promise.all(ids.map((id) => cluster.node(id)));
    await nodes[0]?.host.deploy("shop", once);
    await vi.waitFor(() => {
      for (const { host } of nodes) expect(host.app("shop").state).toBe("running");
    });
    return nodes;
  }

  it("is driven by one node, whose jobs are told the term", async () => {
    const [a, b] = (await deployed("a", "b")) as [Node, Node];
    expect(leaseOf(a)).toEqual({ held: true, node: "a", term: 1 });
    await vi.waitFor(() => expect(leaseOf(b)).toEqual({ held: false, node: "a", term: 1 }));
    expect(b.contexts.has("event")).toBe(false);
    expect(await outcome(a)).toEqual({ status: "ok" });
    const invoked = a.workers.flatMap(({ messages }) => messages).find((message) => "metadata" in message);
    expect(invoked).toMatchObject({ metadata: expect.stringContaining('"lease":{"term":1}') });
    expect(await b.host.nodes()).toMatchObject([
      { apps: [{ tasks: { event: { once: "holder" } } }] },
      { apps: [{ tasks: { event: { once: "waiting" } } }] },
    ]);
  });

  it("goes to another node at once when its own ends", async () => {
    const [a, b] = (await deployed("a", "b")) as [Node, Node];
    const began = performance.now();
    await a.close();
    await vi.waitFor(() => expect(leaseOf(b)).toEqual({ held: true, node: "b", term: 2 }), { interval: 5 });
    expect(performance.now() - began).toBeLessThan(TTL);
    expect(a.holds).toContain("event: closed");
  });

  it("is left by a node that is cut off before another one takes it", async () => {
    const [a, b] = (await deployed("a", "b")) as [Node, Node];
    const events: string[] = [];
    a.cut();
    const watching = setInterval(() => {
      for (const node of [a, b]) if (leaseOf(node)?.held) events.push(leaseOf(node)?.node as string);
    }, 2);
    await vi.waitFor(() => expect(holders([a, b])).toEqual([b]), { timeout: 5000 });
    clearInterval(watching);
    // Never both: all of a's time was before all of b's.
    expect(events.lastIndexOf("a")).toBeLessThan(events.indexOf("b") === -1 ? events.length : events.indexOf("b"));
    expect(a.holds).toEqual(["event: closed"]);
    expect(leaseOf(b)).toMatchObject({ term: 2 });
    expect(await outcome(a)).toMatchObject({ status: "failed", error: { code: "COC_LEASE_LOST" } });
    expect(await outcome(b)).toEqual({ status: "ok" });
    a.heal();
    await vi.waitFor(() => expect(leaseOf(a)).toEqual({ held: false, node: "b", term: 2 }));
  });

  it("triggers nothing in a process that stood still, before that has heard of anything", async () => {
    const [a] = (await deployed("a")) as [Node];
    const end = performance.now() + TTL;
    while (performance.now() < end);
    expect(await outcome(a)).toMatchObject({ status: "failed", error: { code: "COC_LEASE_LOST" } });
    await vi.waitFor(() => expect(leaseOf(a)).toMatchObject({ held: true, term: 2 }), { timeout: 5000 });
    expect(await outcome(a)).toEqual({ status: "ok" });
  });

  it("is not run by a node that hears that it has the lease after another one took it over", async () => {
    const [a, b] = (await deployed("a", "b")) as [Node, Node];
    const answer = b.late("leases");
    await a.close();
    const stored = async () => (await cluster.storage.get("leases", "shop/event"))?.value;
    await vi.waitFor(async () => expect(await stored()).toMatchObject({ node: "b", term: 2 }));
    const c = await cluster.node("c");
    b.cut();
    await vi.waitFor(() => expect(leaseOf(c)).toEqual({ held: true, node: "c", term: 3 }), { timeout: 5000 });
    b.heal();
    await vi.waitFor(async () => expect((await c.host.nodes()).map(({ id }) => id)).toEqual(["b", "c"]));
    await vi.waitFor(() => expect(leaseOf(b)).toMatchObject({ node: "c", term: 3 }));
    answer();
    // Steps of promises alone lie between the answer and what is made of it.
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(leaseOf(b)).toEqual({ held: false, node: "c", term: 3 });
    expect(b.contexts.has("event")).toBe(false);
  });

  it("rests while the storage is away, and goes on once when it is back", async () => {
    const nodes = await deployed("a", "b", "c");
    for (const node of nodes) node.cut();
    await vi.waitFor(() => expect(holders(nodes)).toEqual([]), { timeout: 5000 });
    for (const node of nodes) node.heal();
    await vi.waitFor(() => expect(holders(nodes)).toHaveLength(1), { timeout: 5000 });
    expect(leaseOf(holders(nodes)[0] as Node)?.term).toBe(2);
  });

  it("goes to a node that can run it when its driver cannot start", async () => {
    const nodes = [await cluster.node("a"), await cluster.node("b")] as const;
    const [a, b] = nodes;
    const taken = manifestOf({}, { cluster: "once", endpoint: "taken" });
    await expect(a.host.deploy("shop", taken)).rejects.toMatchObject({
      code: "COC_DEPLOY",
      message: expect.stringContaining("the endpoint is taken"),
    });
    await b.host.deploy("shop", once);
    expect(leaseOf(b)).toMatchObject({ held: true });
    await vi.waitFor(() => expect(leaseOf(a)).toMatchObject({ held: false, node: "b" }));
  });

  it.each([
    ["cannot be made", "unmade"],
    ["can neither start nor close", "stuck"],
  ])("fails its deploy alone when its driver %s, and is left to others", async (_, endpoint) => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    for (const policy of ["once", "every"]) {
      await expect(a.host.deploy("shop", manifestOf({}, { cluster: policy, endpoint }))).rejects.toMatchObject({
        code: "COC_DEPLOY",
        message: expect.stringMatching(/could not start: the (driver cannot be made|endpoint is taken)/),
      });
    }
    await b.host.deploy("shop", once);
    expect(leaseOf(b)).toMatchObject({ held: true });
  });

  it("is given back by a node whose driver does not close", async () => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", manifestOf({}, { cluster: "once", endpoint: "unclosed" }));
    expect(leaseOf(a)).toMatchObject({ held: true });
    await vi.waitFor(() => expect(b.host.app("shop").state).toBe("running"));
    await a.close();
    await vi.waitFor(() => expect(leaseOf(b)).toMatchObject({ held: true, term: 2 }), { timeout: TTL / 2 });
    b.cut();
    await vi.waitFor(() => expect(leaseOf(b)).toMatchObject({ held: false }), { timeout: 5000 });
    b.heal();
    await vi.waitFor(() => expect(leaseOf(b)).toMatchObject({ held: true, term: 3 }), { timeout: 5000 });
  });

  it("stays with its node when the manifest changes and the task does not, and is left when that goes", async () => {
    const [a, b] = (await deployed("a", "b")) as [Node, Node];
    await b.host.deploy("shop", { ...once, version: 2 });
    await vi.waitFor(() => expect(a.host.app("shop").version).toBe(2));
    expect(leaseOf(a)).toEqual({ held: true, node: "a", term: 1 });
    await b.host.deploy("shop", manifestOf({}, { cluster: "every" }));
    await vi.waitFor(() => {
      for (const node of [a, b]) expect(leaseOf(node)).toBeUndefined();
    });
    await vi.waitFor(async () =>
      expect((await cluster.storage.get("leases", "shop/event"))?.value).toMatchObject({ holder: null, term: 1 }),
    );
    expect(await outcome(b)).toEqual({ status: "ok" });
  });

  it("runs once, too, where two nodes have one id, which is told", async () => {
    const told: LogFields[] = [];
    const log: Logger = { ...silentLogger(), error: (fields) => void told.push(fields), child: () => log };
    const a = await cluster.node("twin", { log });
    const b = await cluster.node("twin", { log });
    await a.host.deploy("shop", once);
    await vi.waitFor(() => expect(b.host.app("shop").state).toBe("running"));
    await vi.waitFor(() => expect(told.map(({ code }) => code)).toContain("COC_NODE_ID"), { timeout: 10_000 });
    expect(holders([a, b])).toHaveLength(1);
  });

  it("is one of a thousand that go to the others, each once, when a node is cut off", async () => {
    const [a, b, c] = [await cluster.node("a"), await cluster.node("b"), await cluster.node("c")] as const;
    const tasks = Object.fromEntries(
      Array.from({ length: 1000 }, (_, n) => [`t${n}`, { type: "manual", cluster: "once" }]),
    );
    await a.host.deploy("shop", { ...manifestOf(), tasks });
    const held = ({ host }: Node) => Object.values(host.app("shop").tasks).filter(({ lease }) => lease?.held).length;
    await vi.waitFor(() => expect(held(a)).toBe(1000));
    await vi.waitFor(() => expect([b, c].map(({ host }) => host.app("shop").state)).toEqual(["running", "running"]));
    a.cut();
    await vi.waitFor(() => expect([held(a), held(b) + held(c)]).toEqual([0, 1000]), { timeout: 10_000 });
  });
});
