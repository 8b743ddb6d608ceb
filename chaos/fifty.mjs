import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry, silentLogger } from "@cocaine/core";
import { cronDriver } from "@cocaine/drivers-cron";
import { jsLanguages } from "@cocaine/lang-js";
import { mongoStorage } from "@cocaine/storage-mongo";
import { startServer as startMongo } from "../packages/storage-mongo/test/support/server.mjs";
import { until } from "./support/namespaces.mjs";
import { paths } from "./support/paths.mjs";
import { startWireTap } from "./support/wire-tap.mjs";

const SIZES = [5, 10, 25, 50];
/** Apps that are deployed throughout, each with a task that runs once in the cluster. */
const APPS = 10;
/** Seconds that commands are counted for: beats are 5 s apart. */
const SPAN = 15;
const DEPLOYS = 5;

/**
 * Up to 50 nodes in one process, on one database: what they ask of it when nothing happens, and how soon a deploy is on
 * all of them. Promised: commands but `getMore` grow no faster than the nodes, and a deploy is on all within 3 s.
 */
export async function runFifty() {
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  const mongo = await startMongo();
  const tap = await startWireTap({ host: "127.0.0.1", port: new URL(mongo.uri).port });
  const uri = `${mongo.uri.replace(/:\d+\//, `:${tap.port}/`)}?directConnection=true`;
  const hosts = [];
  const figures = { database: mongo.what };
  const broken = [];
  const rates = [];
  try {
    for (const size of SIZES) {
      while (hosts.length < size) await startHost(hosts, uri, join(folder, `n${hosts.length}`));
      if (size === SIZES[0]) for (let app = 0; app < APPS; app++) await hosts[0].deploy(`app-${app}`, manifestOf());
      await until(() => hosts.every((host) => host.info().apps.length >= APPS), "all apps on all nodes");
      await delay(6000);

      tap.take();
      await delay(SPAN * 1000);
      const counts = [...tap.take()].sort(([, a], [, b]) => b - a);
      const sum = counts.reduce((total, [, count]) => total + count, 0) / SPAN;
      // A server may answer `getMore` of a change stream whenever it writes, whether there is news or not.
      const asked = counts.filter(([name]) => name !== "getMore").reduce((total, [, count]) => total + count, 0);
      rates.push(asked / SPAN / size);
      figures[`${size} nodes: commands a second, connections`] = `${sum.toFixed(1)}, ${tap.connections()}`;
      figures[`${size} nodes: of these`] = counts.map(([name, n]) => `${name} ${(n / SPAN).toFixed(1)}`).join(", ");

      const times = [];
      for (let round = 0; round < DEPLOYS; round++) times.push(await converge(hosts, `extra-${size}-${round}`));
      times.sort((a, b) => a - b);
      figures[`${size} nodes: a deploy on all, median, longest (s)`] = `${times[2].toFixed(2)}, ${times[4].toFixed(2)}`;
      if (times[4] > 3) broken.push(`a deploy was on ${size} nodes after ${times[4]} s`);
    }
    const growth = rates.at(-1) / rates[0];
    if (growth > 1.2) broken.push(`commands a second and node grew to ${growth.toFixed(2)} times: ${rates.join(", ")}`);
  } finally {
    await Promise.all(hosts.map((host) => host.close({ deadline: 1000 })));
    tap.close();
    await mongo.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { figures, broken };
}

async function startHost(hosts, uri, runtimeDir) {
  const plugin = mongoStorage();
  const registry = createRegistry().use(jsLanguages()).use(processBackend()).use(cronDriver());
  const storage = plugin.create(plugin.options.parse({ uri }), { log: silentLogger() });
  const host = createHost({ registry, storage, runtimeDir, node: { id: `n${hosts.length}` } });
  // One that does not start has to be closed as well.
  hosts.push(host);
  await host.start();
}

/** Seconds from the end of a deploy on one until it is on all. */
async function converge(hosts, name) {
  await hosts[Math.floor(Math.random() * hosts.length)].deploy(name, manifestOf());
  const began = performance.now();
  const has = (host) => host.info().apps.some((app) => app.name === name && app.state === "running");
  while (!hosts.every(has)) {
    if (performance.now() - began > 30_000) throw new Error(`${name} was not on all nodes within 30 s`);
    await delay(5);
  }
  return (performance.now() - began) / 1000;
}

/** Nothing of it runs for the time being. */
function manifestOf() {
  return {
    type: "js",
    args: join(paths.apps, "echo.mjs"),
    tasks: { event: { type: "cron", schedule: "0 0 29 2 *", cluster: "once" } },
  };
}
