import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { startTime } from "../src/folder.ts";
import { createBackend, type LogEntry, stateOf, temporaryFolder, untilDead } from "./support/backend.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A process as a server that was killed has left it: its environment names the folder of that server. */
function orphan(folder: string): ChildProcess {
  const child = spawn("sleep", ["60"], { env: { PATH: "/bin:/usr/bin", COCAINE_ENDPOINT: `ipc://${folder}/bus` } });
  children.push(child);
  return child;
}

/** The name of a folder whose server runs, or has just run. */
async function nameFor(server: ChildProcess): Promise<string> {
  const pid = server.pid as number;
  const started = (await startTime(pid)) as number;
  return `${pid.toString(36)}.${started.toString(36)}.AbC123`;
}

it("a start ends what a dead server left in the same folder, and nothing else", async () => {
  const runtimeDir = await temporaryFolder();
  const dead = orphan("/elsewhere");
  const living = orphan("/elsewhere");
  const deadFolder = join(runtimeDir, await nameFor(dead));
  const livingFolder = join(runtimeDir, await nameFor(living));
  await mkdir(deadFolder);
  await mkdir(livingFolder);
  await mkdir(join(runtimeDir, "not-ours"));
  const left = orphan(deadFolder);
  const busy = orphan(livingFolder);
  dead.kill("SIGKILL");
  await once(dead, "exit");

  const log: LogEntry[] = [];
  const ended = once(left, "exit");
  await createBackend(runtimeDir, log).start();
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(await stateOf(busy.pid as number)).toBe("S");
  const folders = await readdir(runtimeDir);
  expect(folders).toContain("not-ours");
  expect(folders.map((name) => join(runtimeDir, name))).toContain(livingFolder);
  expect(folders.map((name) => join(runtimeDir, name))).not.toContain(deadFolder);
  expect(log).toMatchObject([{ level: "warn", fields: { folder: deadFolder, killed: [left.pid] } }]);
});

it("a server that was killed comes back to an empty folder, and its workers are gone", async () => {
  const runtimeDir = await temporaryFolder();
  const program = fileURLToPath(new URL("fixtures/server.mjs", import.meta.url));
  const server = spawn(process.execPath, [program, runtimeDir], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(server);
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  const worker = Number(/^worker=(\d+)$/.exec(line)?.[1]);
  expect(await readdir(runtimeDir)).toHaveLength(1);
  server.kill("SIGKILL");
  await once(server, "exit");
  expect(["S", "R"]).toContain(await stateOf(worker));

  const backend = createBackend(runtimeDir, []);
  await backend.start();
  await untilDead(worker);
  await backend.close();
  expect(await readdir(runtimeDir)).toEqual([]);
});
