// KiB that an idle worker takes: `memory.mjs type backend`. Of a process it is what it has for itself and its share of
// what it shares (PSS); of a thread, what the process of all has more of with each.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { startHost } from "./host.mjs";

const [type, backend] = process.argv.slice(2);
const many = 9;
const { host, deploy, close } = await startHost(type, backend);
await ready(1);
const before = read("self", "Rss");
await ready(many);
if (backend === "thread") {
  console.log(Math.round((read("self", "Rss") - before) / (many - 1)));
} else {
  const shares = host.app("app").pool.workers.map(({ pid }) => read(pid, "Pss"));
  console.log(Math.round(shares.reduce((sum, share) => sum + share) / shares.length));
}
await close();

/** Waits until so many workers have come up and the ones before them have gone. */
async function ready(workers) {
  await deploy(workers);
  const states = () => host.app("app").pool.workers.map(({ state }) => state);
  while (states().length !== workers || !states().every((state) => state === "ready")) await delay(10);
}

function read(pid, field) {
  return Number(new RegExp(`^${field}: +(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]);
}
