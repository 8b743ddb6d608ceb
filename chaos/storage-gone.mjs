import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startCluster } from "./support/cluster.mjs";
import { startCollector } from "./support/collector.mjs";
import { judge, periods } from "./support/firings.mjs";
import { startLoad } from "./support/load.mjs";
import { until } from "./support/namespaces.mjs";
import { paths } from "./support/paths.mjs";
import { startWrk } from "./support/wrk.mjs";

const IDS = ["a", "b"];
/** Seconds that a lease lasts. */
const TTL = 6;

/**
 * Kills the database under load of HTTP and ZeroMQ on all nodes, and starts it again after a while. Promised: no request
 * fails; a task that runs once in the cluster ends in time, and goes on once; a deploy fails with the reason; and the
 * first one after it reaches all nodes.
 */
export async function runStorageGone(programs, { minutes }) {
  const cluster = await startCluster(programs, { ids: IDS, leaseTtl: TTL });
  const collector = await startCollector();
  const figures = {};
  const broken = [];
  const deploy = (id, name, manifest) => cluster.server(id).control.call("deploy", { name, manifest });
  try {
    await deploy("a", "app", appOf(1));
    await deploy("b", "timer", timerOf(collector.path));
    for (const app of ["app", "timer"]) await cluster.all(app, (info) => info?.state === "running");
    await until(() => collector.firings.length > 10, "runs of the timer");
    const loads = IDS.map((id) => ({
      zmq: startLoad(programs, `tcp://${cluster.place(id).address}:9000`, { window: 8 }),
      http: startWrk(programs, `http://${cluster.place(id).address}:8000`),
    }));
    await delay(3000);

    const { process: mongo } = cluster.database;
    const killed = performance.now();
    mongo.kill("SIGKILL");
    await once(mongo, "exit");
    const refusals = [];
    while (performance.now() - killed < minutes * 60_000) {
      refusals.push(await refusal(() => deploy(IDS[refusals.length % 2], "app", appOf(2))));
      await delay(2000);
    }
    const before = collector.firings.length;
    const lasted = (collector.firings.at(-1).at - killed) / 1000;
    await cluster.database.restart();
    const back = performance.now();
    await until(() => collector.firings.length > before, "a run after the storage was back", 4 * TTL);
    figures["until the timer ran again (s)"] = seconds(collector.firings[before].at - back);
    await deploy("b", "app", appOf(3));
    await cluster.all("app", (info) => info?.version === 3 && info.state === "running", 30);
    figures["until a deploy was on all nodes (s)"] = seconds(performance.now() - back);
    await delay(TTL * 1000);

    figures["the database was away for (s)"] = seconds(back - killed);
    figures["runs of the timer went on for (s)"] = lasted;
    if (lasted > TTL) broken.push(`runs went on for ${lasted} s, and a lease lasts ${TTL} s`);
    figures["deploys refused meanwhile, the longest after (s)"] =
      `${refusals.length}, ${seconds(Math.max(...refusals.map(({ took }) => took)))}`;
    for (const { error } of refusals) {
      if (error?.code === "COC_DEPLOY" && error.message.includes("cannot be reached")) continue;
      broken.push(`a deploy without the storage: ${error?.message ?? "it was not refused"}`);
    }
    Object.assign(figures, judge("timer", collector.firings, { skew: {}, faults: [], broken }));
    for (const [index, { zmq, http }] of loads.entries()) {
      const { sent, failed, wrong, lost } = await zmq.stop();
      const { requests, errors } = await http.stop();
      figures[`${IDS[index]}: requests over ZeroMQ, HTTP`] = `${sent}, ${requests}`;
      if (failed + wrong + lost > 0) broken.push(`ZeroMQ: ${failed} failed, ${wrong} wrong, ${lost} lost`);
      if (errors !== "" || !(requests > 0)) broken.push(`HTTP: ${requests} requests, ${errors}`);
    }
  } finally {
    await cluster.close();
    collector.close();
  }
  return { figures, broken };
}

const seconds = (milliseconds) => Math.round(milliseconds / 100) / 10;

async function refusal(work) {
  const began = performance.now();
  const error = await work().then(
    () => undefined,
    (thrown) => thrown,
  );
  return { error, took: performance.now() - began };
}

function appOf(version) {
  return {
    type: "js",
    version,
    args: join(paths.apps, "echo.mjs"),
    engine: { "pool-min": 1, "pool-limit": 1, "queue-limit": 1000 },
    tasks: {
      event: { type: "server+zmq", endpoint: "tcp://0.0.0.0:9000" },
      web: { type: "server+http", endpoint: "http://0.0.0.0:8000" },
    },
  };
}

function timerOf(collector) {
  return {
    type: "js",
    args: join(paths.apps, "firings.mjs"),
    env: { COLLECTOR: collector },
    engine: { "pool-min": 1, "pool-limit": 1 },
    tasks: { every: { type: "auto", interval: periods.every, cluster: "once", missed: "once", overlap: "queue" } },
  };
}
