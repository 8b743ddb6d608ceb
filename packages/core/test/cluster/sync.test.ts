import { createHost, createRegistry } from "@cocaine/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TestCluster, testCluster } from "../support/cluster.ts";
import { manifestOf, textOf } from "../support/scripted.ts";

describe("the apps of a cluster", () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = testCluster();
  });
  afterEach(() => cluster.close());

  const call = async (node: { host: import("@cocaine/core").Host }) =>
    textOf(node.host.call("shop", "event", Buffer.from("hi")));

  it("run on all nodes once one has deployed them, and on none once one has removed them", async () => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", manifestOf());
    await vi.waitFor(() => expect(b.host.app("shop").state).toBe("running"));
    expect(await call(b)).toBe("done event");
    await b.host.remove("shop");
    await vi.waitFor(() => expect(a.host.info().apps).toEqual([]));
    expect(await cluster.storage.get("apps", "shop")).toBeNull();
  });

  it("run on a node that comes later", async () => {
    const a = await cluster.node("a");
    await a.host.deploy("shop", manifestOf());
    const b = await cluster.node("b");
    expect(b.host.app("shop").state).toBe("running");
  });

  it("are deployed once by each node, and not again by the one that deployed them", async () => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", manifestOf({ "pool-min": 1 }));
    await vi.waitFor(() => expect(b.host.app("shop").pool.size).toBe(1));
    await b.host.deploy("other", manifestOf());
    await vi.waitFor(() => expect(a.host.app("other").state).toBe("running"));
    expect(a.host.app("shop").pool.starts).toBe(1);
    expect(b.host.app("shop").pool.starts).toBe(1);
  });

  it("that cannot be deployed fail alone, and run in their last version that could", async () => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", manifestOf());
    await a.host.deploy("other", manifestOf());
    await vi.waitFor(() => expect(b.host.info().apps).toHaveLength(2));
    await cluster.storage.put("apps", "shop", { manifest: { ...manifestOf(), args: "/broken" } });
    await cluster.storage.put("apps", "third", { manifest: { type: "cobol" } });
    await vi.waitFor(() => {
      for (const { host } of [a, b]) {
        expect(host.app("shop")).toMatchObject({ state: "running", rejected: { code: "COC_DEPLOY" } });
        expect(host.app("third")).toMatchObject({ state: "failed", error: { code: "COC_MANIFEST" } });
        expect(host.app("other")).toMatchObject({ state: "running", rejected: undefined });
      }
    });
    expect(await call(a)).toBe("done event");
    await a.host.deploy("shop", manifestOf());
    await vi.waitFor(() => expect(b.host.app("shop").rejected).toBeUndefined());
    await b.host.remove("third");
    await vi.waitFor(() => expect(a.host.info().apps).toHaveLength(2));
  });

  it("are paused, resumed and restarted on all nodes, also on one that comes later", async () => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", manifestOf({ "pool-min": 1 }));
    await vi.waitFor(() => expect(b.host.app("shop").pool.starts).toBe(1));
    await b.host.restart("shop");
    await vi.waitFor(() => expect(a.host.app("shop").pool.starts).toBe(2));
    await a.host.pause("shop");
    await vi.waitFor(() => expect(b.host.app("shop").state).toBe("paused"));
    const c = await cluster.node("c");
    expect(c.host.app("shop").state).toBe("paused");
    await c.host.resume("shop");
    await vi.waitFor(() => {
      for (const { host } of [a, b, c]) expect(host.app("shop").state).toBe("running");
    });
    expect(b.host.app("shop").pool.starts).toBe(2);
  });

  it("that are a node's own are nobody else's, and give way to those of the storage once they are gone", async () => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", { ...manifestOf(), version: "own" }, { persist: false });
    await b.host.deploy("shop", { ...manifestOf(), version: "all" });
    await b.host.deploy("other", manifestOf());
    await vi.waitFor(() => expect(a.host.app("other").state).toBe("running"));
    expect(a.host.app("shop").version).toBe("own");
    await a.host.pause("shop");
    await a.host.remove("shop", { persist: false });
    await vi.waitFor(() => expect(a.host.app("shop")).toMatchObject({ version: "all", state: "running" }));
    expect(b.host.app("shop").state).toBe("running");
  });

  it("deployed by two nodes at once end the same everywhere", async () => {
    const nodes = [await cluster.node("a"), await cluster.node("b"), await cluster.node("c")];
    const deploys = nodes.flatMap(({ host }, node) =>
      Array.from({ length: 5 }, (_, n) => host.deploy("shop", { ...manifestOf(), version: `${node}-${n}` })),
    );
    await Promise.all(deploys);
    const stored = (await cluster.storage.get("apps", "shop"))?.value as { manifest: { version: string } };
    await vi.waitFor(() => {
      for (const { host } of nodes) expect(host.app("shop").version).toBe(stored.manifest.version);
    });
  });

  it("go on without the storage, refuse deploys with the reason, and catch up when it is back", async () => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", { ...manifestOf(), version: 1 });
    await vi.waitFor(() => expect(b.host.app("shop").version).toBe(1));
    a.cut();
    await expect(a.host.deploy("shop", { ...manifestOf(), version: 2 })).rejects.toMatchObject({
      code: "COC_DEPLOY",
      message: expect.stringContaining("the way to the storage is cut"),
    });
    await expect(a.host.remove("shop")).rejects.toMatchObject({ code: "COC_STORAGE_SERVER" });
    expect(a.host.app("shop").version).toBe(1);
    expect(await call(a)).toBe("done event");
    await b.host.deploy("shop", { ...manifestOf(), version: 3 });
    a.heal();
    await vi.waitFor(() => expect(a.host.app("shop").version).toBe(3));
  });

  it("are not deployed before the storage is open", async () => {
    const host = createHost({ registry: createRegistry(), runtimeDir: "/nowhere" });
    await expect(host.deploy("shop", manifestOf())).rejects.toMatchObject({ code: "COC_STARTING" });
    await expect(host.remove("shop")).rejects.toMatchObject({ code: "COC_STARTING" });
    await host.close();
  });

  it("are listed with the nodes that run them", async () => {
    const a = await cluster.node("a", { node: { id: "a", address: "10.0.0.1", version: "1.2.3" } });
    const b = await cluster.node("b");
    await a.host.deploy("shop", manifestOf({ "pool-min": 1 }, { endpoint: "tcp://*:5000" }));
    await vi.waitFor(async () => {
      const nodes = await b.host.nodes();
      expect(nodes.map(({ id, self, address }) => [id, self, address])).toEqual([
        ["a", false, "10.0.0.1"],
        ["b", true, undefined],
      ]);
      for (const { apps } of nodes) {
        expect(apps).toMatchObject([
          { name: "shop", state: "running", workers: 1, tasks: { event: { endpoints: ["tcp://*:5000"] } } },
        ]);
      }
    });
    await a.close();
    await vi.waitFor(async () => expect((await b.host.nodes()).map(({ id }) => id)).toEqual(["b"]));
  });
});
