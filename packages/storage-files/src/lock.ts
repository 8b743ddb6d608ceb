import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { locked } from "./errors.ts";

/** One process at a time uses a folder. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a folder; that of a process which is gone is taken over.
 *
 * @throws `COC_STORAGE_LOCKED`
 */
export async function takeLock(folder: string): Promise<Lock> {
  const path = join(folder, ".lock");
  const own = `${process.pid} ${await startTime(process.pid)}\n`;
  for (;;) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(own);
      await file.close();
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = await readHolder(path);
    if (holder !== undefined && (await isAlive(holder))) throw locked(folder, holder.pid);
    await rm(path, { force: true });
  }
}

interface Holder {
  readonly pid: number;
  readonly started: string;
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const [pid, started] = (await readFile(path, "utf8")).trim().split(" ");
    return pid === undefined || started === undefined ? undefined : { pid: Number(pid), started };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether the process lives that took the lock, and not another one that was given its number since. */
async function isAlive({ pid, started }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return (await startTime(pid)) === started;
}

/** When a process started, in clock ticks since boot; `unknown` where there is no /proc. */
async function startTime(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything; field 22 is the 20th after it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "unknown";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "unknown";
    throw error;
  }
}
