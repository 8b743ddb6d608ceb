/**
 * The whole of `pnpm test`: prepares the machine, builds, checks, and runs every test. Arguments go to vitest.
 *
 * Writes what the languages pass to `docs/languages.md`; with `CI` set, it must say so already.
 *
 * The last line of output says `N passed, N failed`: vitest's tests, and one for each check.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { check } from "./test/checks.mjs";
import { matrix } from "./test/languages.mjs";
import { report, test } from "./test/vitest.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const total = { passed: 0, failed: 0 };
const count = ({ passed, failed }) => {
  total.passed += passed;
  total.failed += failed;
};

if (step(process.execPath, "scripts/prepare-tests.mjs") && step("pnpm", "build")) {
  count(await check());
  const chosen = process.argv.slice(2);
  count(await test(chosen));
  // A part of the tests says nothing of the languages that were not run.
  if (chosen.length === 0) count(matrix(report));
} else {
  count({ passed: 0, failed: 1 });
}
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
console.log(`${total.passed} passed, ${total.failed} failed`);

/** Runs what all else rests on. */
function step(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (status === 0) return true;
  console.error(`This failed, so no test was run: ${[command, ...args].join(" ")}`, error ?? "");
  return false;
}
