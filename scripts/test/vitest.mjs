import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";

/** Where vitest leaves its results. */
export const report = ".cache/vitest.json";

/** Runs vitest, and counts its tests. What fails outside of any test counts as one more. */
export async function test(args) {
  mkdirSync(".cache", { recursive: true });
  rmSync(report, { force: true });
  const ok = await vitest(args);
  const { passed, failed } = existsSync(report) ? tally(report) : { passed: 0, failed: 0 };
  return { passed, failed: failed === 0 && !ok ? 1 : failed };
}

function vitest(args) {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const child = spawn("node_modules/.bin/vitest", ["run", ...reporters, ...args], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0));
  });
}

function tally(file) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, "utf8"));
  // A file that could not be loaded has no tests of its own to fail.
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((one) => one.status !== "failed"),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}
