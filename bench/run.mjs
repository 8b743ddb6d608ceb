/**
 * The whole of `pnpm bench`: prepares the machine, builds, measures, prints, and writes `results.json`.
 *
 *   node bench/run.mjs [--only name] [--quick] [--rounds n] [--prepared]
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { measureHttp } from "./http.mjs";
import { measureLanguages } from "./languages.mjs";
import { compile } from "./support/compile.mjs";
import { paths } from "./support/paths.mjs";
import { print } from "./support/report.mjs";
import { describeMachine, keep } from "./support/results.mjs";
import { runEach } from "./support/session.mjs";
import { measureThreads } from "./threads.mjs";
import { measureTimers } from "./timers.mjs";
import { measureWaiting } from "./waiting.mjs";
import { measureZeromq } from "./zeromq.mjs";
import { measureZmtp } from "./zmtp.mjs";

const benchmarks = {
  zmtp: measureZmtp,
  zeromq: measureZeromq,
  http: measureHttp,
  waiting: measureWaiting,
  threads: measureThreads,
  languages: measureLanguages,
  timers: measureTimers,
};

const { only, quick, rounds, prepared } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    prepared: { type: "boolean", default: false },
  },
}).values;
if (only !== undefined && !Object.hasOwn(benchmarks, only)) {
  throw new Error(`There is no benchmark "${only}", but ${Object.keys(benchmarks).join(", ")}`);
}
const options = { rounds: Number(rounds ?? (quick ? 3 : 7)), quick };

process.chdir(paths.root);
if (!prepared) {
  execFileSync(process.execPath, ["scripts/prepare-tests.mjs", "--bench"], { stdio: "inherit" });
  execFileSync("pnpm", ["run", "build"], { stdio: "inherit" });
}
compile();

const machine = describeMachine();
if (machine.load > machine.cores / 2) {
  console.error(`This machine is busy (load ${machine.load} on ${machine.cores} cores): ratios will be off.`);
}

await runEach(only === undefined ? Object.keys(benchmarks) : [only], async (name, programs) => {
  const result = await benchmarks[name](programs, options);
  print(result);
  keep(name, machine, result);
});
