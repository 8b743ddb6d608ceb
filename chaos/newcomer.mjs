import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { startServer as startMongo } from "../packages/storage-mongo/test/support/server.mjs";
import { createNetwork, until } from "./support/namespaces.mjs";
import { paths } from "./support/paths.mjs";

/** The machines of the page, by the addresses that it gives them; the trial's own take their place. */
const MACHINES = { "10.83.0.1": "db", "10.83.0.11": "node-1", "10.83.0.12": "node-2", "10.83.0.21": "laptop" };

/**
 * Follows docs/cluster.md: each command as it is written there, on the machine that its block names, each machine with a
 * network, a home and folders of its own. Then kills the node that runs what runs once.
 */
export async function runNewcomer() {
  const page = readFileSync(join(paths.root, "docs/cluster.md"), "utf8");
  const network = createNetwork();
  const home = mkdtempSync(join(tmpdir(), "newcomer-"));
  const broken = [];
  const figures = {};
  const machines = {};
  const running = {};
  let database;
  try {
    for (const name of Object.values(MACHINES)) machines[name] = createMachine(name, network.add(), home);
    database = await startMongo({ host: machines.db.place.address, prefix: machines.db.place.prefix });
    const own = (line) => toOwn(line, machines, database.uri);
    const extras = {};
    let commands = 0;
    for (const { machine, extra, script } of blocksOf(page)) {
      const at = machines[machine];
      if (script.startsWith("cocained")) {
        running[machine] = at.start(own(script));
        await until(() => running[machine].output().includes('"up"'), `${machine} is up`, 30);
        continue;
      }
      const env = {};
      if (extra === "me.pub.json") cpSync(join(machines.laptop.folder, extra), join(at.folder, extra));
      if (extra === "fingerprint") env.FINGERPRINT = extras["node-1"].trim().split("\n").at(-1);
      if (extra === "app") writeApp(page, at.folder);
      const { code, stdout, stderr } = await at.run(own(script), env);
      extras[machine] = stdout;
      commands += script.trim().split("\n").length;
      if (code !== 0) throw new Error(`${script}\nended with ${code}: ${stdout}${stderr}`);
    }
    figures["commands of docs/cluster.md that did as it says"] = commands;

    const json = async (command) => JSON.parse((await machines.laptop.run(`cocaine --json ${command}`)).stdout).result;
    const nodes = await json("nodes");
    if (nodes.length !== 2) broken.push(`the laptop sees ${nodes.length} nodes`);
    if (nodes.some(({ apps }) => apps[0]?.state !== "running")) broken.push("the app does not run on both nodes");
    const holder = nodes.find(({ apps }) => apps[0]?.tasks.tick.once === "holder").id;
    const began = performance.now();
    running[holder].kill("SIGKILL");
    await until(
      async () => (await json("nodes")).some(({ id, apps }) => id !== holder && apps[0]?.tasks.tick.once === "holder"),
      "the other node runs tick",
      40,
    );
    figures["killed the node that ran tick: the other one did after (s)"] = (
      (performance.now() - began) /
      1000
    ).toFixed(1);
  } catch (error) {
    broken.push(error.message);
  } finally {
    for (const each of Object.values(running)) each.kill("SIGTERM");
    await Promise.all(Object.values(running).map(({ ended }) => ended));
    await database?.close();
    network.close();
    rmSync(home, { recursive: true, force: true });
  }
  return { figures, broken };
}

/** The shell blocks of the page, in order: `sh <machine>`, or `sh <machine> with <what is brought along>`. */
function blocksOf(page) {
  return [...page.matchAll(/^```sh (\S+)(?: with (\S+))?\n(.*?)^```$/gms)].map(([, machine, extra, script]) => ({
    machine,
    extra,
    script,
  }));
}

/** Writes the app's two files as the page has them. */
function writeApp(page, folder) {
  for (const [, file, content] of page.matchAll(/^`([^`]+)`[^\n]*:\n\n```(?:yaml|js)\n(.*?)^```$/gms)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
}

function toOwn(script, machines, uri) {
  const addresses = Object.entries(MACHINES).sort(([a], [b]) => b.length - a.length);
  const line = script.replaceAll("mongodb://10.83.0.1:27017/cocaine", uri);
  return addresses.reduce((all, [address, name]) => all.replaceAll(address, machines[name].place.address), line);
}

/** A machine: its network, its home, its system folders, and the programs on its path. */
function createMachine(name, place, home) {
  const folder = join(home, name);
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true, mode: 0o700 });
  for (const program of ["cocaine", "cocained"]) {
    const script = `#!/bin/sh\nexec ${process.execPath} ${join(dirname(paths.server), `${program}.js`)} "$@"\n`;
    writeFileSync(join(bin, program), script);
    chmodSync(join(bin, program), 0o755);
  }
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, ".config"),
    COCAINE_RUNTIME_DIR: join(folder, "run"),
    COCAINE_DATA_DIR: join(folder, "lib"),
    COCAINE_CACHE_DIR: join(folder, "cache"),
  };
  const [command, ...prefix] = place.prefix;
  const spawnHere = (args, own = {}) =>
    spawn(command, [...prefix, ...args], { cwd: folder, env: { ...env, ...own }, stdio: ["ignore", "pipe", "pipe"] });

  return {
    place,
    folder,
    async run(script, own) {
      const child = spawnHere(["bash", "-euo", "pipefail", "-c", script], own);
      const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
      const [code] = await once(child, "exit");
      return { code, stdout: await stdout, stderr: await stderr };
    },
    start(script) {
      const child = spawnHere(["bash", "-c", `exec ${script}`]);
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
      return { output: () => output, kill: (signal) => child.kill(signal), ended: once(child, "exit") };
    },
  };
}
