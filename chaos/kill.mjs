import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startLoad } from "./support/load.mjs";
import { paths } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

const languages = { js: "journal.mjs", python: "journal.py" };
/** Messages in flight to each app. */
const WINDOW = 32;
/** Seconds within which a caller must hear of its worker's end. */
const PATIENCE = 1;

/**
 * Kills workers at random under load, of apps with retries and without, in both languages. Promised: with retries every
 * message has a good answer; without, none is begun twice, and who is affected hears of it within a second. A run whose
 * kills hit no message that had begun proves nothing, and does not pass.
 */
export async function runKill(programs, { minutes }) {
  const server = await startServer(programs);
  const apps = [];
  for (const [type, file] of Object.entries(languages)) {
    for (const retried of [true, false]) apps.push(await startApp(programs, server, { type, file, retried }));
  }
  const end = Date.now() + minutes * 60_000;
  let kills = 0;
  while (Date.now() < end) {
    await delay(50 + Math.random() * 250);
    const app = apps[Math.floor(Math.random() * apps.length)];
    const workers = await server.workers(app.name);
    const worker = workers[Math.floor(Math.random() * workers.length)];
    if (worker === undefined) continue;
    app.kills.set(worker.id, Date.now() / 1000);
    process.kill(worker.pid, "SIGKILL");
    kills++;
  }
  const figures = { "workers killed": kills };
  const broken = [];
  for (const app of apps) await conclude(app, figures, broken);
  await Promise.all(apps.map(({ name }) => server.control.call("remove", { app: name })));
  const left = await server.processes();
  figures["processes left when the apps were removed"] = left.length;
  if (left.length > 0) broken.push(`processes are left: ${JSON.stringify(left)}`);
  await server.close();
  return { figures, broken };
}

async function startApp(programs, server, { type, file, retried }) {
  const name = `${type}-${retried ? "retried" : "once"}`;
  const journal = join(server.folder, `${name}.journal`);
  const retries = retried ? { retries: { attempts: 100, on: ["crash"] } } : {};
  await server.control.call("deploy", {
    name,
    manifest: {
      type,
      args: join(paths.apps, file),
      env: { JOURNAL: journal },
      engine: { "pool-min": 3, "pool-limit": 3, "queue-limit": 1000 },
      tasks: { event: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0", ...retries } },
    },
  });
  const kills = new Map();
  const errors = [];
  const endpoint = await server.endpoint(name, "event");
  const load = startLoad(programs, endpoint, { window: WINDOW, onError: (error) => errors.push(error) });
  return { name, retried, journal, kills, errors, load };
}

/** Holds what became of an app's messages against what is promised. */
async function conclude({ name, retried, journal, kills, errors, load }, figures, broken) {
  const { sent, failed, wrong, lost } = await load.stop();
  const begun = readFileSync(journal, "utf8").trimEnd().split("\n");
  const twice = begun.length - new Set(begun).size;
  figures[`${name}: messages`] = sent;
  figures[`${name}: failed`] = failed;
  figures[`${name}: lost, or answered wrongly`] = lost + wrong;
  figures[`${name}: begun twice`] = twice;
  const journaled = new Set(begun.map(Number));
  const hit = retried ? twice : errors.filter(({ number }) => journaled.has(number)).length;
  if (!retried) figures[`${name}: begun, and then failed`] = hit;
  if (hit === 0) broken.push(`${name}: no kill hit a message that had begun, which proves nothing: run it for longer`);
  if (lost + wrong > 0) broken.push(`${name}: ${lost} messages had no answer, ${wrong} a wrong one`);
  if (retried) {
    if (failed > 0) broken.push(`${name}: ${failed} messages failed, the first with ${JSON.stringify(errors[0])}`);
    return;
  }
  if (twice > 0) broken.push(`${name}: ${twice} messages were begun twice`);
  let slowest = 0;
  for (const error of errors) {
    const killed = kills.get(/worker (\S+) ended/.exec(error.message)?.[1]);
    if (killed === undefined) broken.push(`${name}: failed for another reason: ${JSON.stringify(error)}`);
    else slowest = Math.max(slowest, error.at - killed);
  }
  figures[`${name}: longest until a caller heard (s)`] = Number(slowest.toFixed(3));
  if (slowest > PATIENCE) broken.push(`${name}: a caller heard after ${slowest} s`);
}
