import {
  access,
  chmod,
  constants,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { createError, type Logger, messageOf, z } from "@cocaine/core/plugin";
import { BUILDING, ENTRY } from "./entry.ts";
import { prune } from "./prune.ts";
import { addUser } from "./users.ts";

const entrySchema = z.object({ program: z.string() });

/** Programs that were built, in folders by what they were built of. */
export interface Cache {
  /**
   * Finds a program, or has it built: once, however many ask at the same time.
   *
   * @param build - builds in the empty folder that it is given, and returns the program's path in it.
   * @returns the program's absolute path; it stays as long as this process lives.
   * @throws `COC_LANGUAGE_CACHE`, and whatever `build` rejects with.
   */
  obtain(key: string, log: Logger, build: (folder: string) => Promise<string>): Promise<string>;
}

export function createCache(root: string): Cache {
  const building = new Map<string, Promise<string>>();

  return {
    async obtain(key, log, build) {
      await prepare();
      const found = building.get(key);
      if (found !== undefined) return found;
      const obtaining = obtain(key, log, build).finally(() => building.delete(key));
      building.set(key, obtaining);
      return obtaining;
    },
  };

  async function obtain(key: string, log: Logger, build: (folder: string) => Promise<string>): Promise<string> {
    const entry = join(root, key);
    const found = await use(entry);
    if (found !== undefined) return found;
    log.info({ entry }, "building");
    const folder = await mkdtemp(join(root, `${BUILDING}${process.pid}-`));
    try {
      const program = await build(folder);
      await writeFile(join(folder, ENTRY), JSON.stringify({ program }));
      await chmod(folder, 0o755);
      await publish(folder, entry);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const built = await use(entry);
    if (built === undefined) throw unusable(`${entry} has gone while it was built`);
    await prune(root, log);
    return built;
  }

  /** The program of an entry that is whole, which this process uses from now on. */
  async function use(entry: string): Promise<string | undefined> {
    try {
      await addUser(entry);
      const { program } = entrySchema.parse(JSON.parse(await readFile(join(entry, ENTRY), "utf8")));
      const path = join(entry, program);
      await access(path, constants.X_OK);
      const now = new Date();
      await utimes(join(entry, ENTRY), now, now);
      return path;
    } catch {
      // Whatever is not right with it, building it anew mends it.
      return undefined;
    }
  }

  /** Puts a finished folder in its place. Where another process was faster, its one is as good, unless it is damaged. */
  async function publish(folder: string, entry: string): Promise<void> {
    try {
      await rename(folder, entry);
    } catch (error) {
      if (!isCode(error, "ENOTEMPTY") && !isCode(error, "EEXIST")) throw error;
      if ((await use(entry)) !== undefined) return;
      const damaged = await mkdtemp(join(root, `${BUILDING}${process.pid}-`));
      await rename(entry, join(damaged, "entry"));
      await rename(folder, entry);
      await rm(damaged, { recursive: true, force: true });
    }
  }

  /** What lies here is run, by other users as well: they may pass through, but put nothing there. */
  async function prepare(): Promise<void> {
    try {
      await mkdir(root, { recursive: true, mode: 0o711 });
      const { uid, mode } = await stat(root);
      if (uid !== process.getuid?.()) throw unusable(`it belongs to user ${uid}`);
      if ((mode & 0o022) !== 0) throw unusable(`others may write to it (mode 0${(mode & 0o777).toString(8)})`);
    } catch (error) {
      if (isCode(error, "COC_LANGUAGE_CACHE")) throw error;
      throw unusable(messageOf(error), error);
    }
  }

  function unusable(why: string, cause?: unknown) {
    const message = `The folder ${root} cannot hold the programs that are built: ${why}; correct it, or give cxxLanguage() another cache`;
    return createError("COC_LANGUAGE_CACHE", message, { cause });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
