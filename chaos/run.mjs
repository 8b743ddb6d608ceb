/**
 * The whole of `pnpm chaos`: prepares the machine, builds, makes failures happen for as long as is asked, and prints
 * what came of it. Exits with 1 when a promise was broken.
 *
 *   node chaos/run.mjs [--only <trial>] [--minutes n] [--count n] [--gigabytes n] [--quick] [--prepared]
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeMachine } from "../bench/support/results.mjs";
import { runEach } from "../bench/support/session.mjs";
import { runConverge } from "./converge.mjs";
import { runDeadline } from "./deadline.mjs";
import { runFifty } from "./fifty.mjs";
import { runKill } from "./kill.mjs";
import { runLeases } from "./leases.mjs";
import { runNewcomer } from "./newcomer.mjs";
import { runReload } from "./reload.mjs";
import { runSoak } from "./soak.mjs";
import { runStorageGone } from "./storage-gone.mjs";
import { runStream } from "./stream.mjs";
import { paths } from "./support/paths.mjs";

const trials = {
  deadline: runDeadline,
  reload: runReload,
  stream: runStream,
  kill: runKill,
  soak: runSoak,
  leases: runLeases,
  newcomer: runNewcomer,
  "storage-gone": runStorageGone,
  converge: runConverge,
  fifty: runFifty,
};
const whole = { minutes: { kill: 10, soak: 30, "storage-gone": 1 }, count: 1000, gigabytes: 10 };
const short = { minutes: { kill: 0.3, soak: 1, "storage-gone": 0.2 }, count: 30, gigabytes: 1 };

const options = parseArgs({
  options: {
    only: { type: "string" },
    minutes: { type: "string" },
    count: { type: "string" },
    gigabytes: { type: "string" },
    quick: { type: "boolean", default: false },
    prepared: { type: "boolean", default: false },
  },
}).values;
if (options.only !== undefined && !Object.hasOwn(trials, options.only)) {
  throw new Error(`There is no trial "${options.only}", but ${Object.keys(trials).join(", ")}`);
}
for (const name of ["minutes", "count", "gigabytes"]) {
  if (options[name] !== undefined && !(Number(options[name]) > 0)) {
    throw new Error(`--${name} is a number above 0, not "${options[name]}"`);
  }
}
const measure = options.quick ? short : whole;

process.chdir(paths.root);
if (!options.prepared) {
  execFileSync(process.execPath, ["scripts/prepare-tests.mjs", "--chaos"], { stdio: "inherit" });
  execFileSync("pnpm", ["run", "build"], { stdio: "inherit" });
}

await runEach(options.only === undefined ? Object.keys(trials) : [options.only], async (name, programs) => {
  console.log(`\n${name}`);
  const machine = describeMachine();
  const { figures, broken } = await trials[name](programs, {
    minutes: Number(options.minutes ?? measure.minutes[name]),
    count: Number(options.count ?? measure.count),
    gigabytes: Number(options.gigabytes ?? measure.gigabytes),
  });
  for (const [what, figure] of Object.entries(figures)) console.log(`  ${what.padEnd(56)} ${show(figure)}`);
  for (const promise of broken) console.log(`  BROKEN: ${promise}`);
  if (broken.length > 0) process.exitCode = 1;
  keep(name, { machine, figures, broken });
});

function show(figure) {
  return typeof figure === "number" ? figure.toLocaleString("en") : String(figure);
}

function keep(name, result) {
  const results = existsSync(paths.results) ? JSON.parse(readFileSync(paths.results, "utf8")) : {};
  results[name] = { date: new Date().toISOString(), ...result };
  writeFileSync(paths.results, `${JSON.stringify(results, null, 2)}\n`);
}
