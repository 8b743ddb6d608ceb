import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Node, type TestCluster, testCluster } from "../support/cluster.ts";
import { manifestOf } from "../support/scripted.ts";

const once = manifestOf({}, { cluster: "once" });

describe("what something else has written into the storage", () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = testCluster();
  });
  afterEach(() => cluster.close());

  const collections = ["apps", "beats", "leases", "nodes"];
  const values = [null, 5, "text", [], {}, { term: "9", holder: 7, apps: null, manifest: 1, restarts: "x" }];

  async function litter(when: string): Promise<void> {
    for (const collection of collections) {
      for (const [index, value] of values.entries()) {
        await cluster.storage.put(collection, `${when}-${index}`, value);
        await cluster.storage.put(collection, `shop/${when}-${index}`, value);
      }
    }
  }

  const leaseOf = ({ host }: Node) => host.app("shop").tasks.event?.lease;

  async function expectWell(nodes: readonly Node[]): Promise<void> {
    await vi.waitFor(() => {
      for (const { host } of nodes) expect(host.app("shop").state).toBe("running");
      expect(nodes.filter((node) => leaseOf(node)?.held)).toHaveLength(1);
    });
    for (const { host } of nodes) {
      const listed = await host.nodes();
      expect(listed.map(({ id }) => id)).toEqual(nodes.map((node) => node.host.info().node));
    }
  }

  it("keeps no node from starting, and no app from running", async () => {
    await litter("before");
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", once);
    await expectWell([a, b]);
    expect(a.host.app("before-0")).toMatchObject({ state: "failed", error: { code: "COC_MANIFEST" } });
    await litter("later");
    await vi.waitFor(() => expect(b.host.app("later-0")).toMatchObject({ state: "failed" }));
    const c = await cluster.node("c");
    await expectWell([a, b, c]);
    const holder = [a, b, c].find((node) => leaseOf(node)?.held) as Node;
    await holder.close();
    const rest = [a, b, c].filter((node) => node !== holder);
    await vi.waitFor(() => expect(rest.filter((node) => leaseOf(node)?.held)).toHaveLength(1), { timeout: 5000 });
  });

  it("in place of a lease leaves it to be taken anew, under a greater term", async () => {
    const [a, b] = [await cluster.node("a"), await cluster.node("b")];
    await a.host.deploy("shop", once);
    await expectWell([a, b]);
    for (const [index, value] of values.entries()) {
      await cluster.storage.put("leases", "shop/event", value);
      await vi.waitFor(
        () => {
          const held = [a, b].map(leaseOf).filter((lease) => lease?.held);
          expect(held).toHaveLength(1);
          expect(held[0]?.term).toBeGreaterThan(index + 1);
        },
        { timeout: 5000 },
      );
    }
  });
});
