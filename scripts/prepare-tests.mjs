/**
 * Makes a machine ready for `pnpm test`, and with `--bench` for `pnpm bench`: installs what `prepare/needs.mjs` lists.
 * Quick when all of it is there.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchNeeds, testNeeds } from "./prepare/needs.mjs";
import { preparePython, prepareSources } from "./prepare/python.mjs";
import { prepareSystem } from "./prepare/system.mjs";

const { bench } = parseArgs({ options: { bench: { type: "boolean", default: false } } }).values;
const cache = (name) => fileURLToPath(new URL(`../.cache/${name}`, import.meta.url));
const venv = cache("venv");
const sets = bench ? [testNeeds, benchNeeds] : [testNeeds];

try {
  await prepareSystem(sets.flatMap(({ system }) => system));
  await preparePython(
    venv,
    bench ? "bench" : "tests",
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
