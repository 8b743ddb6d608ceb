import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startCluster } from "./support/cluster.mjs";
import { startCollector } from "./support/collector.mjs";
import { judge, periods } from "./support/firings.mjs";
import { skewed, until } from "./support/namespaces.mjs";
import { paths } from "./support/paths.mjs";

const IDS = ["a", "b", "c"];
/** Seconds that a lease lasts. */
const TTL = 3;
/** Seconds after a fault within which a run has to come, where one node can run it. */
const PATIENCE = 4 * TTL + 5;
/** Seconds that the clocks of two nodes are off in the second half. */
const SKEW = { a: 3600, b: -3600, c: 0 };

/**
 * Makes all that can happen to three nodes happen to those that run tasks that run once in the cluster. Promised: of one
 * moment there are never two runs of the same term, nor one of an older term after one of a newer; none is dropped but
 * as `missed` says; and the tasks go on soon after each fault.
 */
export async function runLeases(programs, { count }) {
  const cluster = await startCluster(programs, { ids: IDS, leaseTtl: TTL });
  const figures = {};
  const broken = [];
  try {
    await half("clocks right", {}, count / 2);
    for (const id of IDS) {
      const server = cluster.server(id);
      server.signal("SIGTERM");
      await server.ended;
      await cluster.restart(id, SKEW[id] === 0 ? [] : skewed(SKEW[id]));
    }
    await half("clocks an hour off", SKEW, count / 2);
  } finally {
    await cluster.close();
  }
  return { figures, broken };

  /** So many runs of all tasks, under one fault after another. */
  async function half(name, skew, runs) {
    const collector = await startCollector();
    const app = `timers-${Object.keys(skew).length}`;
    try {
      await cluster.server("c").control.call("deploy", { name: app, manifest: manifestOf(collector.path, skew) });
      await cluster.all(app, (info) => info?.state === "running");
      await until(() => collector.last("every"), "the first run");
      const counts = {};
      const log = [];
      while (collector.firings.length < runs) {
        const victim = Math.random() < 0.8 ? collector.last("every").node : IDS[Math.floor(Math.random() * 3)];
        const fault = faults[Math.floor(Math.random() * faults.length)];
        counts[fault.name] = (counts[fault.name] ?? 0) + 1;
        log.push({ fault: fault.name, victim, from: Date.now() });
        await fault(cluster, victim);
        const since = performance.now();
        await until(() => collector.last("every").at > since, `a run after ${fault.name} of ${victim}`, PATIENCE);
        await delay(1000 + Math.random() * 2000);
      }
      await delay(TTL * 1000);
      Object.assign(figures, judge(name, collector.firings, { skew, faults: log, broken }));
      figures[`${name}: faults`] = Object.entries(counts)
        .map(([fault, times]) => `${fault} ${times}`)
        .join(", ");
      await cluster.server("c").control.call("remove", { app });
    } finally {
      collector.close();
    }
  }
}

function manifestOf(collector, skew) {
  const timed = { cluster: "once", missed: "once", overlap: "queue" };
  // All moments of an hour would have to be made up for, each time that the node whose clock is ahead takes over.
  const all = skew.a === undefined && { all: { type: "cron", schedule: "* * * * * *", ...timed, missed: "all" } };
  return {
    type: "js",
    args: join(paths.apps, "firings.mjs"),
    env: { COLLECTOR: collector },
    engine: { "pool-min": 1, "pool-limit": 1 },
    tasks: {
      every: { type: "auto", interval: periods.every, ...timed },
      ...all,
      once: { type: "cron", schedule: "* * * * * *", ...timed },
    },
  };
}

const pause = (from, to) => delay((from + Math.random() * (to - from)) * TTL * 1000);

const faults = [
  async function kill(cluster, id) {
    const server = cluster.server(id);
    server.signal("SIGKILL");
    await server.ended;
    await pause(0, 1.5);
    await cluster.restart(id);
  },
  async function end(cluster, id) {
    const server = cluster.server(id);
    server.signal("SIGTERM");
    await server.ended;
    await cluster.restart(id);
  },
  async function stop(cluster, id) {
    cluster.server(id).signal("SIGSTOP");
    await pause(0.5, 2.5);
    cluster.server(id).signal("SIGCONT");
  },
  ...["in", "out", "both"].map((way) => {
    const cut = async (cluster, id) => {
      cluster.place(id).cut(way);
      await pause(0.5, 3);
      cluster.network.heal();
    };
    Object.defineProperty(cut, "name", { value: `cut ${way}` });
    return cut;
  }),
  async function slow(cluster, id) {
    cluster.place(id).slow(24);
    await pause(1, 2);
    cluster.network.heal();
  },
];
