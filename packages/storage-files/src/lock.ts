import { open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { failed, locked } from "./errors.ts";

/** One process at a time uses a folder. */
export interface Lock {
  release(): Promise<void>;
}

/** Milliseconds that a process waits for others which try at the same moment, and which give way to it. */
const PATIENCE = 1000;

/**
 * Takes the lock of a folder. Each process makes a file that is named by itself and looks for others only after that:
 * of two processes at least one sees the other, so that two never hold the lock. Where several come at once, the first
 * by name waits and the others give way. The file of a process that is gone is removed; as its name is that process,
 * nobody else's file can be removed instead.
 *
 * @throws `COC_STORAGE_LOCKED`, `COC_STORAGE_IO`
 */
export async function takeLock(folder: string): Promise<Lock> {
  const own = nameOf({ pid: process.pid, started: await startOf(process.pid) });
  const path = join(folder, own);
  try {
    await (await open(path, "wx", 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw locked(folder, process.pid, path);
    throw failed("locked", folder, error);
  }
  const release = () => rm(path, { force: true });
  try {
    await outlast(folder, own);
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

/** Resolves once no other living process has a file. */
async function outlast(folder: string, own: string): Promise<void> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    const other = await findOther(folder, own);
    if (other === undefined) return;
    if (nameOf(other) < own || performance.now() > until) throw locked(folder, other.pid, join(folder, nameOf(other)));
    await delay(10);
  }
}

interface Holder {
  readonly pid: number;
  /** When the process started, so that it is not taken for a later one of its number. */
  readonly started: string;
}

/** The first living process by name that has a file here; files of dead ones are removed. */
async function findOther(folder: string, own: string): Promise<Holder | undefined> {
  try {
    for (const name of (await readdir(folder)).sort()) {
      const holder = name === own ? undefined : holderOf(name);
      if (holder === undefined) continue;
      if (await isAlive(holder)) return holder;
      await rm(join(folder, name), { force: true });
    }
    return undefined;
  } catch (error) {
    throw failed("locked", folder, error);
  }
}

function nameOf({ pid, started }: Holder): string {
  return `.lock-${pid}-${started}`;
}

function holderOf(name: string): Holder | undefined {
  const [, pid, started] = /^\.lock-(\d+)-([\w.]+)$/.exec(name) ?? [];
  return pid === undefined || started === undefined ? undefined : { pid: Number(pid), started };
}

const UNKNOWN = "unknown";

async function isAlive({ pid, started }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: a process of another user has this number, the one that took the lock or a later one.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const now = await startOf(pid);
  return now === UNKNOWN || started === UNKNOWN || now === started;
}

/** The boot of the machine, and the clock ticks from that to the start of a process; `unknown` without /proc. */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "latin1");
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything; field 22 is the 20th after it.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? UNKNOWN;
    return `${ticks}.${boot.slice(0, 8)}`;
  } catch (error) {
    if (GONE.has((error as NodeJS.ErrnoException).code ?? "")) return UNKNOWN;
    throw error;
  }
}

/** What reading /proc says of a process that has ended meanwhile, or that is hidden from this user. */
const GONE = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM"]);
