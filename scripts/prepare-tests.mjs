/**
 * Makes a machine ready for `pnpm test`, and with `--bench` for `pnpm bench`: installs what `prepare/needs.mjs` lists.
 * Quick when all of it is there.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchNeeds, testNeeds } from "./prepare/needs.mjs";
import { preparePython } from "./prepare/python.mjs";
import { prepareSystem } from "./prepare/system.mjs";

const { bench } = parseArgs({ options: { bench: { type: "boolean", default: false } } }).values;
const venv = fileURLToPath(new URL("../.cache/venv", import.meta.url));
const sets = bench ? [testNeeds, benchNeeds] : [testNeeds];

try {
  await prepareSystem(sets.flatMap(({ system }) => system));
  await preparePython(
    venv,
    bench ? "bench" : "tests",
    sets.flatMap(({ python }) => python),
  );
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
