import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { paths } from "./paths.mjs";

/**
 * Keeps the results of a benchmark in `results.json`, beside the last ones of the others.
 *
 * @param machine - as it was before the run.
 */
export function keep(name, machine, result) {
  const results = existsSync(paths.results) ? JSON.parse(readFileSync(paths.results, "utf8")) : {};
  results[name] = { date: new Date().toISOString(), machine, ...result };
  writeFileSync(paths.results, `${JSON.stringify(results, null, 2)}\n`);
}

/** What the figures depend on. `load` is the mean number of running tasks in the last minute. */
export function describeMachine() {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}
