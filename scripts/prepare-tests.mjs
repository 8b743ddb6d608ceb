/**
 * Makes a machine ready for `pnpm test`, with `--bench` for `pnpm bench`, and with `--chaos` for
 * `pnpm chaos`: installs what `prepare/needs.mjs` lists.
 * Quick when all of it is there.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchNeeds, chaosNeeds, testNeeds } from "./prepare/needs.mjs";
import { preparePython, prepareSources } from "./prepare/python.mjs";
import { prepareSystem } from "./prepare/system.mjs";

const flag = { type: "boolean", default: false };
const { bench, chaos } = parseArgs({ options: { bench: flag, chaos: flag } }).values;
const cache = (name) => fileURLToPath(new URL(`../.cache/${name}`, import.meta.url));
const venv = cache("venv");
// The load of the trials is that of the benchmarks.
const sets = [testNeeds, ...(bench || chaos ? [benchNeeds] : []), ...(chaos ? [chaosNeeds] : [])];

try {
  await prepareSystem(sets.flatMap(({ system }) => system));
  await preparePython(
    venv,
    bench || chaos ? "bench" : "tests",
    sets.flatMap(({ python }) => python),
  );
  await prepareSources(
    cache("sources"),
    venv,
    sets.flatMap(({ sources }) => sources),
  );
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
