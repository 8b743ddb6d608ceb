import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { type ClusterNode, clusterApp, startCluster } from "../support/cluster.ts";
import { writeManifest } from "../support/manifest.ts";
import { soon } from "../support/soon.ts";
import { temporaryFolder } from "../support/temporary.ts";

interface Run {
  readonly scheduledFor: number;
  readonly firedAt: number;
  readonly term: number;
  readonly endpoint: string;
}

const TICK = { type: "auto", interval: 50, cluster: "once", missed: "once", overlap: "queue" };

/** Deploys a timer that writes its runs down. */
async function deployTimer(node: ClusterNode) {
  const folder = await temporaryFolder();
  const journal = join(folder, "runs");
  await writeFile(journal, "");
  const manifest = await writeManifest(folder, "timer.json", clusterApp({ tick: TICK }, { env: { JOURNAL: journal } }));
  expect(await node.cocaine(["deploy", manifest])).toMatchObject({ code: 0, stderr: "" });
  const runs = () =>
    readFileSync(journal, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Run);
  /** Resolves to the node that has run it since, which has to be one of these. */
  async function runsOn(nodes: readonly ClusterNode[]): Promise<ClusterNode> {
    const since = runs().length;
    return vi.waitFor(() => {
      const { endpoint = "" } = runs().slice(since).at(-1) ?? {};
      const found = nodes.find(({ runtimeDir }) => endpoint.includes(runtimeDir));
      expect(found).toBeDefined();
      return found as ClusterNode;
    }, soon);
  }
  return { runs, runsOn };
}

it("a timer of a cluster runs on one node at a time, whichever is killed, stands still or is cut off", async () => {
  const cluster = await startCluster(1);
  const nodes = [await cluster.start("a"), await cluster.start("b"), await cluster.start("c")] as const;
  const { runs, runsOn } = await deployTimer(nodes[0]);

  const killed = await runsOn(nodes);
  killed.signal("SIGKILL");
  const living = nodes.filter((node) => node !== killed);

  const stopped = await runsOn(living);
  stopped.signal("SIGSTOP");
  const [other] = living.filter((node) => node !== stopped) as [ClusterNode];
  await runsOn([other]);
  stopped.signal("SIGCONT");

  other.wire.cut();
  await runsOn([stopped]);
  other.wire.heal();
  await vi.waitFor(
    async () => expect((await other.app("timer")).tasks.tick?.lease).toMatchObject({ held: false }),
    soon,
  );
  await runsOn([stopped]);

  const all = runs();
  expect(new Set(all.map(({ term, scheduledFor }) => `${term} ${scheduledFor}`)).size).toBe(all.length);
  const begun = all.toSorted((a, b) => a.firedAt - b.firedAt).map(({ term }) => term);
  expect(begun).toEqual(begun.toSorted((a, b) => a - b));
  for (const term of new Set(begun)) {
    expect(new Set(all.filter((run) => run.term === term).map(({ endpoint }) => endpoint)).size).toBe(1);
  }
}, 90_000);

it("a cluster whose database is killed goes on serving, leaves its timers, and resumes when it is back", async () => {
  const cluster = await startCluster(2);
  const node = await cluster.start("a");
  const { runs, runsOn } = await deployTimer(node);
  const folder = await temporaryFolder();
  const web = clusterApp({ web: { type: "server+http", endpoint: "http://127.0.0.1:0" } });
  const manifest = await writeManifest(folder, "web.json", web);
  expect((await node.cocaine(["deploy", manifest])).code).toBe(0);
  await runsOn([node]);

  const url = await node.endpoint("web", "web");
  const statuses: number[] = [];
  let loading = true;
  const load = (async () => {
    while (loading) statuses.push((await fetch(url)).status);
  })();
  cluster.database.process?.kill("SIGKILL");
  await vi.waitFor(
    async () => expect((await node.app("timer")).tasks.tick?.lease).toMatchObject({ held: false }),
    soon,
  );
  const until = runs().length;
  const refused = await node.cocaine(["deploy", manifest]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/could not be stored: .*cannot be reached/s);
  expect(runs().length).toBe(until);

  await cluster.database.restart();
  await runsOn([node]);
  expect((await node.cocaine(["deploy", manifest])).stderr).toBe("");
  loading = false;
  await load;
  expect(statuses.length).toBeGreaterThan(100);
  expect(new Set(statuses)).toEqual(new Set([200]));
  const terms = runs().map(({ term }) => term);
  expect(terms).toEqual(terms.toSorted((a, b) => a - b));
  expect(new Set(terms).size).toBe(2);
}, 90_000);
