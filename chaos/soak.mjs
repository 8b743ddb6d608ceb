import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startLoad } from "./support/load.mjs";
import { paths } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

/** Milliseconds of a busy phase and of the idle one after it. */
const BUSY = 25_000;
const IDLE = 10_000;
/** How much the end may be above the time after the warm-up. */
const GROWTH = 1.1;
const SLACK = 8 * 2 ** 20;

/**
 * Phases of high load with reloads and kills, and idle ones in which pools shrink. The server's memory and descriptors
 * are looked at when each idle phase ends. Promised: both are flat, and messages are answered well or with the error of
 * a killed worker.
 */
export async function runSoak(programs, { minutes }) {
  const server = await startServer(programs);
  for (const [type, file] of [
    ["js", "echo.mjs"],
    ["python", "echo.py"],
  ]) {
    await server.control.call("deploy", { name: type, manifest: manifestOf(type, file) });
  }
  const end = Date.now() + minutes * 60_000;
  const curve = [];
  const total = { messages: 0, requests: 0, failed: 0, lost: 0, reloads: 0, kills: 0 };
  const broken = [];
  while (Date.now() < end) {
    await busyPhase(programs, server, total, broken);
    await delay(IDLE);
    curve.push({ memory: await server.memory(), descriptors: await server.descriptors() });
  }
  await Promise.all(["js", "python"].map((app) => server.control.call("remove", { app })));
  const left = await server.processes();
  if (left.length > 0) broken.push(`processes are left: ${JSON.stringify(left)}`);
  if (total.lost > 0) broken.push(`${total.lost} messages had no answer`);
  judge(curve, broken);
  await server.close();
  const column = (name, unit) => curve.map((sample) => Math.round(sample[name] / unit)).join(" ");
  return {
    figures: {
      minutes,
      ...total,
      "memory when each idle phase ends (MiB)": column("memory", 2 ** 20),
      "descriptors when each idle phase ends": column("descriptors", 1),
    },
    broken,
  };
}

async function busyPhase(programs, server, total, broken) {
  const until = Date.now() + BUSY;
  const loads = [];
  for (const app of ["js", "python"]) {
    const onError = (error) => {
      if (error.code !== "COC_WORKER_CRASHED") broken.push(`${app}: ${JSON.stringify(error)}`);
    };
    loads.push(startLoad(programs, await server.endpoint(app, "event"), { window: 64, onError }));
  }
  const url = `${await server.endpoint("js", "web")}/`;
  const wrk = programs.run("wrk", ["-t", 1, "-c", 16, "-d", `${BUSY / 1000}s`, url]);
  while (Date.now() < until) {
    await delay(1000 + Math.random() * 1000);
    const app = Math.random() < 0.5 ? "js" : "python";
    if (Math.random() < 0.3) {
      await server.control.call("restart", { app });
      total.reloads++;
      continue;
    }
    const [worker] = await server.workers(app);
    if (worker === undefined) continue;
    process.kill(worker.pid, "SIGKILL");
    total.kills++;
  }
  for (const load of loads) {
    const { sent, failed, lost, wrong } = await load.stop();
    total.messages += sent;
    total.failed += failed;
    total.lost += lost + wrong;
  }
  total.requests += Number(/(\d+) requests in/.exec(await wrk)?.[1]);
}

/** The last fifth beside the second one: the first is warm-up. */
function judge(curve, broken) {
  const fifth = Math.max(1, Math.floor(curve.length / 5));
  for (const [name, slack] of [
    ["memory", SLACK],
    ["descriptors", 4],
  ]) {
    const mean = (samples) => samples.reduce((sum, sample) => sum + sample[name], 0) / samples.length;
    const early = mean(curve.slice(fifth, 2 * fifth));
    const late = mean(curve.slice(-fifth));
    if (curve.length >= 5 && late > early * GROWTH + slack) broken.push(`${name} grew from ${early} to ${late}`);
  }
}

function manifestOf(type, file) {
  return {
    type,
    args: join(paths.apps, file),
    engine: { "pool-limit": 3, "queue-limit": 1000, "idle-timeout": 3 },
    tasks: {
      event: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" },
      web: { type: "server+http", endpoint: "http://127.0.0.1:0" },
    },
  };
}
