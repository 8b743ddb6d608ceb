import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@cocaine/core/plugin";
import { type FolderName, parseFolderName, startTime } from "./folder.ts";
import { isErrno } from "./group.ts";

/**
 * Ends what a server that died left behind in `parent`: its workers, which did not see the connection close, all that
 * those had started, and its folders. A process is known by its environment, which names the folder of its socket.
 */
export async function removeLeftovers(parent: string, log: Logger): Promise<void> {
  for (const name of await readdir(parent)) {
    const server = parseFolderName(name);
    if (server === undefined || (await isAlive(server))) continue;
    const folder = join(parent, name);
    const killed = await killUsersOf(folder);
    await rm(folder, { recursive: true, force: true });
    log.warn({ folder, server: server.pid, killed }, "ended what a dead server left behind");
  }
}

async function isAlive({ pid, started }: FolderName): Promise<boolean> {
  const now = await startTime(pid);
  if (now !== undefined) return now === started;
  if (started !== 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isErrno(error, "ESRCH");
  }
}

/** Kills every process whose environment has an endpoint in this folder. */
async function killUsersOf(folder: string): Promise<number[]> {
  const mark = `COCAINE_ENDPOINT=ipc://${folder}/`;
  const killed: number[] = [];
  // Without /proc (not Linux) workers are left to notice the closed connection by themselves.
  for (const entry of await readdir("/proc").catch(() => [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // Processes of other users, and those that end meanwhile, cannot be read, and are none of ours.
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (!environment.split("\0").some((variable) => variable.startsWith(mark))) continue;
    if (kill(pid)) killed.push(pid);
  }
  return killed;
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if (isErrno(error, "ESRCH")) return false;
    throw error;
  }
}
