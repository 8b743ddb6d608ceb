import { existsSync } from "node:fs";
import { attempt, must, onPath } from "./command.mjs";
import { interpreter } from "./python.mjs";

/** Sees to it that programs and libraries are there: installs what is missing, or says what to run. */
export async function prepareSystem(needs) {
  const missing = await absent(needs);
  if (missing.length === 0) return;
  if (!canInstall()) throw new Error(request(missing));

  const packages = names(missing, "debian");
  console.log(`Installing ${packages.join(", ")}`);
  await aptGet("update");
  await aptGet("install", "-y", "--no-install-recommends", ...packages);

  const still = await absent(missing);
  if (still.length > 0) {
    throw new Error(`These are not found although their packages are installed:\n${list(still)}`);
  }
}

async function absent(needs) {
  const found = await Promise.all(needs.map(isThere));
  return needs.filter((_, index) => !found[index]);
}

async function isThere({ command, succeeds }) {
  if (command !== undefined) return onPath(command);
  const [program, ...args] = succeeds.map((part) => (part === "{python}" ? interpreter() : part));
  return (await attempt(program, args)).ok;
}

function aptGet(...args) {
  // Another apt-get may be at work: a new machine updates itself at its start.
  return must("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", ...args], { DEBIAN_FRONTEND: "noninteractive" });
}

function canInstall() {
  return isDebian() && process.getuid?.() === 0;
}

function isDebian() {
  return existsSync("/etc/debian_version") && onPath("apt-get");
}

function request(missing) {
  const what = `Not found on this machine:\n${list(missing)}\n`;
  const debian = `apt-get install -y --no-install-recommends ${names(missing, "debian").join(" ")}`;
  if (isDebian()) return `${what}Run this, then try again:\n  sudo ${debian}`;
  if (onPath("brew")) return `${what}Run this, then try again:\n  brew install ${names(missing, "brew").join(" ")}`;
  return `${what}Install them, then try again. On Debian it is:\n  ${debian}`;
}

function list(needs) {
  return needs.map(({ what, why }) => `  ${what}: ${why}`).join("\n");
}

function names(needs, manager) {
  return [...new Set(needs.flatMap((need) => need[manager]))];
}
