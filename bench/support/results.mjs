import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { paths } from "./paths.mjs";

/** Keeps the results of a benchmark in `results.json`, beside the last ones of the others. */
export function keep(name, result) {
  const results = existsSync(paths.results) ? JSON.parse(readFileSync(paths.results, "utf8")) : {};
  results[name] = { date: new Date().toISOString(), machine: machine(), ...result };
  writeFileSync(paths.results, `${JSON.stringify(results, null, 2)}\n`);
}

function machine() {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
  };
}
