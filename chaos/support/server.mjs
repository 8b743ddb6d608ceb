import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalClient } from "@cocaine/admin";
import { paths } from "./paths.mjs";

/**
 * Starts the built server as a user does, on a folder of its own, and a client of its control socket.
 *
 * @param options.id - name of the node, which its folder has, too
 * @param options.prefix - a command that becomes the server: its own command line follows
 * @param options.args - more of its arguments
 */
export async function startServer(programs, { id = "node", storage = "memory:", prefix = [], args = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), `chaos-${id}-`));
  const runtime = join(folder, "run");
  const [command, ...rest] = [
    ...prefix,
    ...[process.execPath, paths.server],
    ...["--node-id", id],
    ...["--storage", storage],
    ...["--runtime-dir", runtime],
    ...["--log-format", "json"],
    ...args,
  ];
  const program = programs.start(command, rest);
  const up = new Promise((resolve) => {
    program.lines.on("line", (line) => JSON.parse(line).msg === "up" && resolve());
  });
  await program.unlessItEnds(up);
  const control = createLocalClient({ path: join(runtime, "control.sock") });
  await control.start();
  const { pid } = program.child;

  return {
    id,
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
    signal: (signal) => program.child.kill(signal),
    /** Resolves when it has ended. */
    ended: program.closed,
    async close() {
      await control.close();
      await program.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
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
