import { existsSync, readdirSync, readFileSync } from "node:fs";
import { attempt } from "../prepare/command.mjs";

/** As many as there are cores on a small machine: each of the checks keeps one busy. */
const atOnce = 2;

/** Runs every check that is not a test of vitest, and prints what those that fail have to say. */
export async function check() {
  const waiting = checks();
  const result = { passed: 0, failed: 0 };
  async function work() {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { ok, output } = await attempt(`node_modules/.bin/${next[0]}`, next.slice(1), { NO_COLOR: "1" });
      result[ok ? "passed" : "failed"] += 1;
      console.log(`${ok ? "✓" : "✗"} ${next.join(" ")}`);
      if (!ok) console.log(output);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return result;
}

/** The longest first, so that none is left to run alone at the end. */
function checks() {
  const folders = ["packages", "apps"].flatMap((area) => readdirSync(area).map((name) => `${area}/${name}`));
  const packages = folders.filter((folder) => existsSync(`${folder}/package.json`));
  return [
    ["tsc", "--noEmit"],
    ["knip"],
    ["biome", "check", "."],
    // Types are fetched from nowhere: what a package says of itself is what counts.
    ...packages
      .filter(isLibrary)
      .map((folder) => ["attw", "--pack", folder, "--profile", "esm-only", "--no-definitely-typed"]),
    ...packages.map((folder) => ["publint", "run", folder, "--strict"]),
  ];
}

/** A package of programs alone has nothing that could be imported. */
function isLibrary(folder) {
  return JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).exports?.["."] !== undefined;
}
