import { readdir, readFile } from "node:fs/promises";

/** Ids of the processes that have a text in their environment, and are no zombies. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await environment(pid)).includes(text) ? pid : undefined)));
  return found.filter((pid) => pid !== undefined);
}

/** The most memory that a process has had resident, in bytes. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** Empty for a process that ended meanwhile, or that is a zombie. */
function environment(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
}
