import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createLocalClient } from "@cocaine/admin";
import { paths } from "./paths.mjs";

/** Starts the built server as a user does, on a folder of its own, and a client of its control socket. */
export async function startServer(programs) {
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  const runtime = join(folder, "run");
  const program = programs.start(process.execPath, [
    paths.server,
    ...["--storage", "memory:"],
    ...["--runtime-dir", runtime],
    ...["--log-level", "error"],
  ]);
  // What it says is for people; nobody else reads the pipe.
  program.child.stdout.resume();
  const socket = join(runtime, "control.sock");
  await program.unlessItEnds(exists(socket));
  const control = createLocalClient({ path: socket });
  await control.start();
  const { pid } = program.child;

  return {
    pid,
    folder,
    control,
    /** Real endpoint of a task. */
    async endpoint(app, task) {
      const { driver } = (await control.call("info", { app })).tasks[task];
      return [driver.endpoint ?? driver.endpoints].flat()[0];
    },
    /** Workers of an app that take jobs. */
    async workers(app) {
      const { pool } = await control.call("info", { app });
      return pool.workers.filter(({ state }) => state === "ready");
    },
    /** Bytes of memory that the server has resident now. */
    memory: async () => Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"))[1]) * 1024,
    descriptors: async () => (await readdir(`/proc/${pid}/fd`)).length,
    /** Processes that the server's workers have started, dead ones that nobody has waited for too. */
    processes: () => processesOf(runtime, pid),
    async close() {
      await control.close();
      await programs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function exists(path) {
  while (!(await stat(path).then(Boolean, () => false))) await delay(50);
}

/** Known by their environment, which they have from their worker; dead ones by their parent. */
async function processesOf(runtime, parent) {
  const found = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const read = (name) => readFile(`/proc/${pid}/${name}`, "latin1").catch(() => "");
    const [, state, ppid] = /\) (\S) (\d+)/.exec(await read("stat")) ?? [];
    const ours = (await read("environ")).includes(`COCAINE_ENDPOINT=ipc://${runtime}`);
    if (ours || (state === "Z" && Number(ppid) === parent)) found.push({ pid: Number(pid), state });
  }
  return found;
}
