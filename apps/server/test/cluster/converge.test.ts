import { expect, it, vi } from "vitest";
import { type ClusterNode, clusterApp, startCluster } from "../support/cluster.ts";
import { writeManifest } from "../support/manifest.ts";
import { soon } from "../support/soon.ts";
import { temporaryFolder } from "../support/temporary.ts";

const TASKS = { web: { type: "server+http", endpoint: "http://127.0.0.1:0" } };

it("what one node of a cluster deploys and removes, all do, and one that cannot fails alone", async () => {
  const cluster = await startCluster(15);
  const [a, b, c] = [await cluster.start("a"), await cluster.start("b"), await cluster.start("c")];
  const nodes = [a, b, c];
  const folder = await temporaryFolder();
  async function deploy(node: ClusterNode, name: string, version: number, env: object = {}): Promise<void> {
    const manifest = await writeManifest(folder, `${name}.json`, clusterApp(TASKS, { version, env }));
    expect(await node.cocaine(["deploy", manifest])).toMatchObject({ code: 0, stderr: "" });
  }
  const running = (version: number) => ({ version, state: "running", rejected: undefined });
  const on = (all: readonly ClusterNode[], name: string) =>
    Promise.all(
      all.map(async (node) => {
        const { version, state, rejected } = await node.app(name);
        return { version, state, rejected };
      }),
    );

  await deploy(a, "shop", 1);
  await deploy(b, "other", 1);
  await vi.waitFor(async () => {
    expect(await on(nodes, "shop")).toEqual(nodes.map(() => running(1)));
    expect(await on(nodes, "other")).toEqual(nodes.map(() => running(1)));
  }, soon);

  // A worker knows its node by the folder of its socket.
  await deploy(b, "shop", 2, { NOT_ON: c.runtimeDir });
  await vi.waitFor(async () => {
    expect(await on([a, b], "shop")).toEqual([running(2), running(2)]);
    expect(await c.app("shop")).toMatchObject({ version: 1, state: "running", rejected: { code: "COC_DEPLOY" } });
  }, soon);
  expect((await c.app("shop")).rejected?.message).toContain("not on this node");
  expect(await on(nodes, "other")).toEqual(nodes.map(() => running(1)));
  expect(await (await fetch(await c.endpoint("shop", "web"))).text()).toBe("hello");

  await deploy(c, "shop", 3);
  await vi.waitFor(async () => expect(await on(nodes, "shop")).toEqual(nodes.map(() => running(3))), soon);
  expect((await c.cocaine(["rm", "shop"])).code).toBe(0);
  await vi.waitFor(async () => {
    for (const node of nodes) expect(await node.names()).toEqual(["other"]);
  }, soon);
}, 60_000);
