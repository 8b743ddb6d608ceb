/**
 * `pnpm start`: builds, and runs cocained with the examples. Further arguments go to cocained.
 *
 * What it keeps is in .cache/start. The examples are linked into a folder that cocained follows.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { build, program, root } from "./start/build.mjs";
import { examples } from "./start/examples.mjs";

const home = join(root, ".cache/start");
const apps = join(home, "apps");
const args = process.argv.slice(2);

build();
const deployed = await linkExamples();
const server = spawn(
  process.execPath,
  [program("cocained"), "--apps", apps, "--storage", `files:${join(home, "storage")}`, ...args],
  { stdio: "inherit" },
);
// Ctrl-C reaches the server by itself; the other signals are handed on, and each is the server's to act on.
process.on("SIGINT", () => undefined);
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => process.exit(code ?? 1));
await up(deployed.map(({ name }) => name));
console.log(`\nIn another terminal, try:\n${deployed.map(({ tries }) => tries).join("\n")}\n`);

/** Links the manifests of the examples whose language is there. */
async function linkExamples() {
  await mkdir(apps, { recursive: true });
  const linked = [];
  for (const example of examples) {
    const link = join(apps, `${example.name}.yaml`);
    await rm(link, { force: true });
    const missing = example.missing();
    if (missing === undefined) {
      await symlink(join(root, "examples", example.manifest), link);
      linked.push(example);
    } else console.log(`The example ${example.name} is not deployed: ${missing}`);
  }
  return linked;
}

/** Resolves when the server lists the apps, or has had the time to. */
async function up(names) {
  const at = args.indexOf("--runtime-dir");
  const where = at < 0 ? [] : args.slice(at, at + 2);
  const command = [program("cocaine"), ...where, "--json", "ls"];
  for (let attempt = 0; attempt < 50; attempt++) {
    await setTimeout(300);
    const { status, stdout } = spawnSync(process.execPath, command, { encoding: "utf8" });
    if (status !== 0) continue;
    const running = JSON.parse(stdout).result.map(({ name }) => name);
    if (names.every((name) => running.includes(name))) return;
  }
}
