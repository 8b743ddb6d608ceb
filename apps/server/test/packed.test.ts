import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { freePort } from "./support/port.ts";
import { root } from "./support/programs.ts";
import { temporaryFolder } from "./support/temporary.ts";

// What users of the packages have: their files, and nothing of this repository.

const run = promisify(execFile);
const INSTALL = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel", "error"];
let packed: Map<string, string>;

/** Packs all packages, as they would be published. @returns their files by name */
async function pack(folder: string): Promise<Map<string, string>> {
  const filters = ["--filter", "./packages/*", "--filter", "./apps/*"];
  const args = ["-r", ...filters, "pack", "--pack-destination", folder];
  const { npm_execpath: program = "" } = process.env;
  // By the pnpm that runs the tests, where it does: a program, or a script.
  if (!basename(program).startsWith("pnpm")) await run("npx", ["-y", "pnpm@12.21.0", ...args], { cwd: root });
  else if (/\.[cm]?js$/.test(program)) await run(process.execPath, [program, ...args], { cwd: root });
  else await run(program, args, { cwd: root });
  const files = await readdir(folder);
  return new Map(files.map((file) => [file.replace(/^cocaine-(.*)-\d.*$/, "@cocaine/$1"), join(folder, file)]));
}

/** Makes a project in an empty folder, or of an example, with packed packages in place of published ones. */
async function install(folder: string, more: Record<string, string> = {}): Promise<void> {
  const file = join(folder, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8").catch(() => '{"private":true,"type":"module"}'));
  manifest.dependencies = { ...manifest.dependencies, ...more };
  for (const key of ["dependencies", "devDependencies"]) {
    for (const name of Object.keys(manifest[key] ?? {})) {
      const tarball = packed.get(name);
      if (tarball !== undefined) manifest[key][name] = `file:${tarball}`;
    }
  }
  // What they need of each other is packed, too.
  manifest.overrides = Object.fromEntries([...packed].map(([name, tarball]) => [name, `file:${tarball}`]));
  await writeFile(file, JSON.stringify(manifest));
  await run("npm", INSTALL, { cwd: folder });
}

async function example(name: string): Promise<string> {
  const folder = await temporaryFolder();
  await cp(join(root, "examples", name), folder, {
    recursive: true,
    filter: (source) => !source.includes("node_modules"),
  });
  return folder;
}

let tarballs: string;
beforeAll(async () => {
  tarballs = await mkdtemp(join(tmpdir(), "coc-"));
  packed = await pack(tarballs);
}, 120_000);
afterAll(() => rm(tarballs, { recursive: true, force: true }));

it("the engine embedded in an Express service runs on three packages", async () => {
  const folder = await example("embed");
  await install(folder);
  const service = spawn(process.execPath, ["main.js"], { cwd: folder, env: { ...process.env, PORT: "0" } });
  onTestFinished(() => void service.kill("SIGKILL"));
  const [line] = await once(service.stdout, "data");
  const url = String(line).trim().replace("up at ", "");
  const ask = async (task: string, body = "") => {
    const response = await fetch(`${url}/${task}`, { method: "POST", body });
    return { status: response.status, answer: await response.json() };
  };
  expect(await ask("count", "It was the best of times")).toMatchObject({ status: 200, answer: { words: 6 } });
  expect(await ask("crash")).toMatchObject({ status: 500, answer: { code: "COC_WORKER_CRASHED" } });
  expect(await ask("nothing")).toMatchObject({ status: 404, answer: { code: "COC_TASK_UNKNOWN" } });
  expect(await ask("count", "one two")).toMatchObject({ status: 200, answer: { words: 2 } });
  service.kill("SIGTERM");
  expect(await once(service, "exit")).toEqual([0, null]);
}, 120_000);

describe("a driver of somebody else", () => {
  it("passes the suite of its contract, with a real broker", async () => {
    const folder = await example("third-party-driver");
    await install(folder);
    const { stdout } = await run("npm", ["test"], { cwd: folder });
    expect(stdout).toMatch(/^. pass \d+\n. fail 0\n. cancelled 0\n. skipped 0\n. todo 0$/m);
    expect(Number(/^. pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(9);
  }, 180_000);

  it("is installed beside the server, which loads it from its plugins", async () => {
    const source = await example("third-party-driver");
    const { stdout } = await run("npm", ["pack", "--silent"], { cwd: source });
    const project = await temporaryFolder();
    const server = Object.fromEntries(["@cocaine/server", "@cocaine/core"].map((name) => [name, ""]));
    await install(project, { ...server, "cocaine-driver-mqtt": `file:${join(source, stdout.trim())}` });

    const port = await freePort();
    await writeFile(join(project, "mosquitto.conf"), `listener ${port} 127.0.0.1\nallow_anonymous true\nuser root\n`);
    const broker = spawn("mosquitto", ["-c", join(project, "mosquitto.conf")], { stdio: "ignore" });
    onTestFinished(() => void broker.kill());
    const publish = (text: string) =>
      run("mosquitto_pub", ["-p", String(port), "-q", "1", "-t", "sensors/one", "-m", text]);
    await vi.waitFor(() => publish("0"), { timeout: 10_000, interval: 50 });

    const files = {
      "cocained.yaml":
        "plugins: [cocaine-driver-mqtt]\nstorage: 'memory:'\nruntime-dir: ./run\napps: .\nlog-format: json\n",
      "sensors.json": JSON.stringify({
        type: "js",
        args: "./sensors.js",
        tasks: { measured: { type: "mqtt", url: `mqtt://127.0.0.1:${port}`, topics: ["sensors/+"] } },
      }),
      "sensors.js":
        "export const measured = (message, job) => ({ [job.metadata.mqtt.topic]: Number(Buffer.from(message).toString()) });",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
    // By its path: npx would stay between, and hand on no signal.
    const start = (name: string, ...args: string[]) => {
      const child = spawn(join(project, "node_modules/.bin", name), args, { cwd: project });
      const closed = once(child, "close");
      onTestFinished(async () => {
        child.kill();
        await closed;
      });
      return child;
    };
    const cocained = start("cocained", "--config", "cocained.yaml");
    let log = "";
    cocained.stdout.on("data", (text) => (log += text));
    cocained.stderr.on("data", (text) => (log += text));
    await vi.waitFor(() => expect(log).toContain('"msg":"up"'), { timeout: 20_000 });
    expect(log).toContain('"app deployed"');

    let heard = "";
    const feed = start("cocaine", "--runtime-dir", join(project, "run"), "feed", "sensors");
    feed.stdout.on("data", (text) => (heard += text));
    await vi.waitFor(
      async () => {
        await publish("21.5");
        expect(heard).toMatch(/measured sensors\/one .*\n?.*21\.5/);
      },
      { timeout: 20_000, interval: 200 },
    );
  }, 180_000);
});
