import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { messageOf } from "@cocaine/core/plugin";
import { badCache } from "./errors.ts";

/** Folders of this name are on their way in or out, by the machine and the process that follow. */
const PARTIAL = /^partial-(.*)-(\d+)-[^-]+$/;
const PREFIX = `partial-${encodeURIComponent(hostname())}-${process.pid}-`;
const ENTRY = /^[0-9a-f]{64}$/;
/** Milliseconds after which what another machine has left is removed: its processes are not known here. */
const FOREIGN_AGE = 24 * 3_600_000;

/** The folder of a cache: it is made, and what is put into it or taken out of it is so in one step. */
export interface Workshop {
  /** Makes the folder, sees that nobody else can write to it, and removes what processes that are gone have left. */
  prepare(): Promise<void>;
  /** Makes a folder for work, has the work done, and removes what is left of it. */
  use<T>(work: (folder: string) => Promise<T>): Promise<T>;
  /** Takes an entry out, and removes it. One that is not there is no error. */
  remove(name: string): Promise<void>;
  /** Names of the entries; what else lies in the folder is somebody else's. */
  list(): Promise<string[]>;
}

export function createWorkshop(root: string): Workshop {
  const workshop: Workshop = {
    async prepare() {
      try {
        const made = await mkdir(root, { recursive: true, mode: 0o711 });
        // Whatever the umask says.
        if (made !== undefined) await chmod(root, 0o711);
        const { uid, mode } = await stat(root);
        if (uid !== process.getuid?.()) throw badCache(root, `it belongs to user ${uid}`);
        if ((mode & 0o022) !== 0) throw badCache(root, `others may write to it (mode 0${(mode & 0o777).toString(8)})`);
        for (const name of await readdir(root)) {
          if (await isLeft(root, name)) await rm(join(root, name), { recursive: true, force: true });
        }
      } catch (error) {
        if (isCode(error, "COC_BUNDLE_CACHE")) throw error;
        throw badCache(root, messageOf(error), error);
      }
    },
    async use(work) {
      const folder = await mkdtemp(join(root, PREFIX));
      try {
        return await work(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    remove: (name) =>
      workshop.use(async (folder) => {
        // In one step, so that nobody finds half of it.
        await rename(join(root, name), join(folder, "entry")).catch((error: unknown) => {
          if (!isCode(error, "ENOENT")) throw error;
        });
      }),
    list: async () => (await readdir(root)).filter((name) => ENTRY.test(name)),
  };
  return workshop;
}

/** Whether who made a folder for work is gone. */
async function isLeft(root: string, name: string): Promise<boolean> {
  const [, host, pid] = PARTIAL.exec(name) ?? [];
  if (host === undefined) return false;
  const changed = (await stat(join(root, name)).catch(() => undefined))?.mtimeMs ?? Number.POSITIVE_INFINITY;
  // Machines, containers among them, may share the folder, and have the same numbers for other processes.
  if (host !== encodeURIComponent(hostname())) return changed < Date.now() - FOREIGN_AGE;
  // In a container, a process that was killed often had the number that this one has.
  return Number(pid) === process.pid ? changed < performance.timeOrigin : !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
