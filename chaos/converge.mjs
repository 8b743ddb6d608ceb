import { join } from "node:path";
import { startCluster } from "./support/cluster.mjs";
import { paths } from "./support/paths.mjs";

const IDS = ["a", "b", "c"];
/** Seconds within which a deploy or removal on one node is so on all. */
const SOON = 3;

/**
 * Deploys, removes and breaks apps on one node after the other. Promised: what one did, all have done within 3 s; a
 * version that cannot start on one node leaves that node's version before running, and all its other apps.
 */
export async function runConverge(programs, { count }) {
  const cluster = await startCluster(programs, { ids: IDS, leaseTtl: 15 });
  const broken = [];
  const times = { "deployed on all": [], "removed from all": [] };
  const deploy = (id, name, version, file = join(paths.apps, "echo.mjs")) =>
    cluster.server(id).control.call("deploy", { name, manifest: manifestOf(version, file) });
  async function timed(what, app, fits) {
    const began = performance.now();
    await cluster.all(app, fits, 30);
    times[what].push((performance.now() - began) / 1000);
  }
  let alone = 0;
  try {
    await deploy("a", "steady", 1);
    const rounds = Math.max(5, Math.ceil(count / 20));
    for (let round = 0; round < rounds; round++) {
      const id = IDS[round % IDS.length];
      await deploy(id, "app", round);
      await timed("deployed on all", "app", (info) => info?.version === round && info.state === "running");
      if (round % 5 !== 4) continue;
      // Not on c: the node that deploys has to be one that it starts on.
      await deploy(IDS[round % 2], "app", "picky", join(paths.apps, "../fixtures/picky.mjs"));
      await cluster.all("app", ({ version, rejected }) => version === "picky" || rejected !== undefined, 30);
      const [a, b, c] = await Promise.all(IDS.map((each) => cluster.server(each).control.call("info", { app: "app" })));
      const rest = await cluster.server("c").control.call("info", { app: "steady" });
      const fits =
        [a, b].every(({ version, state }) => version === "picky" && state === "running") &&
        c.version === round &&
        c.state === "running" &&
        c.rejected.message.includes("not on this node") &&
        rest.state === "running";
      if (fits) alone++;
      else broken.push(`a version that cannot start on c: ${JSON.stringify({ a, b, c, rest })}`);
      await cluster.server(id).control.call("remove", { app: "app" });
      await timed("removed from all", "app", (info) => info === undefined);
    }
  } finally {
    await cluster.close();
  }
  const figures = { "versions that failed on one node, alone": alone };
  for (const [what, each] of Object.entries(times)) {
    if (each.length === 0) continue;
    each.sort((x, y) => x - y);
    const show = (part) => each[Math.ceil(each.length * part) - 1].toFixed(2);
    figures[`${what}: times, median, longest (s)`] = `${each.length}, ${show(0.5)}, ${show(1)}`;
    if (each.at(-1) > SOON) broken.push(`${what} after ${show(1)} s`);
  }
  return { figures, broken };
}

function manifestOf(version, args) {
  return {
    type: "js",
    version,
    args,
    engine: { "pool-min": 1, "pool-limit": 1 },
    tasks: { event: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" } },
  };
}
