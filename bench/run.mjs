/**
 * The whole of `pnpm bench`: prepares the machine, builds, measures, prints, and writes `results.json`.
 *
 *   node bench/run.mjs [--only zmtp|zeromq|http] [--quick] [--rounds n]
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { measureHttp } from "./http.mjs";
import { compile } from "./support/compile.mjs";
import { paths } from "./support/paths.mjs";
import { createPrograms } from "./support/programs.mjs";
import { print } from "./support/report.mjs";
import { keep } from "./support/results.mjs";
import { measureZeromq } from "./zeromq.mjs";
import { measureZmtp } from "./zmtp.mjs";

const benchmarks = { zmtp: measureZmtp, zeromq: measureZeromq, http: measureHttp };

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

const programs = createPrograms();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await programs.close();
    process.exit(1);
  });
}
try {
  for (const name of only === undefined ? Object.keys(benchmarks) : [only]) {
    const result = await benchmarks[name](programs, options);
    await programs.close();
    print(result);
    keep(name, result);
  }
} finally {
  await programs.close();
}
