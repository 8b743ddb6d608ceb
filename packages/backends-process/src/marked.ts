import { readdir, readFile } from "node:fs/promises";
import { isErrno } from "./group.ts";

/** Kills every process that was started with such an environment; returns their ids. */
export async function killMarked(isMarked: (variables: readonly string[]) => boolean): Promise<number[]> {
  const killed: number[] = [];
  // Without /proc (not Linux) workers are left to notice the closed connection by themselves.
  for (const entry of await readdir("/proc").catch(() => [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // Processes of other users, and those that end meanwhile, cannot be read, and are none of ours.
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (environment !== "" && isMarked(environment.split("\0")) && kill(pid)) killed.push(pid);
  }
  return killed;
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if (isErrno(error, "ESRCH") || isErrno(error, "EPERM")) return false;
    throw error;
  }
}
