import { mkdtemp, opendir, realpath, rmdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { createError, messageOf } from "@cocaine/core/plugin";
import { makeFolder } from "./make-folder.ts";
import type { FsOptions } from "./options.ts";
import { keyOfText, type PathKey } from "./raw-path.ts";

/** @throws `COC_FS_PATH` where a folder cannot be read */
export async function checkReadable(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) return;
  await attempt(`${path} cannot be watched`, "let the server read it", async () => (await opendir(path)).close());
}

/**
 * Makes the folders that files are moved to.
 *
 * @returns those that are in the spool, whatever links lead there
 * @throws `COC_FS_PATH` where a folder is none, lacks a right, or is the spool itself
 */
export async function openSpool({ path, done, failed }: FsOptions): Promise<ReadonlySet<PathKey>> {
  if (!(await stat(path)).isDirectory()) {
    throw createError("COC_FS_PATH", `${path} is not a folder: a spool takes the files out of one, give its path`);
  }
  await checkReadable(path);
  await attempt(`${path} cannot be a spool`, "let the server write in it", () => tryWriting(path));
  const root = await realpath(path);
  const aside = new Set<PathKey>();
  for (const [option, folder] of Object.entries({ done, failed })) {
    if (folder === undefined) continue;
    const failure = `files cannot be moved to ${folder} ("${option}")`;
    await attempt(failure, "give a folder that can be made", () => makeFolder(Buffer.from(folder)));
    await attempt(failure, "let the server write in it", () => tryWriting(folder));
    const below = relative(root, await realpath(folder));
    if (below === "") throw createError("COC_FS_PATH", `${failure}: it is the spool itself; give another folder`);
    if (below.split(sep)[0] !== "..") aside.add(keyOfText(join(path, below)));
  }
  return aside;
}

/** What the system lets one do is only known when it is done. */
async function tryWriting(folder: string): Promise<void> {
  await rmdir(await mkdtemp(join(folder, ".cocaine-")));
}

async function attempt(failure: string, remedy: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (cause) {
    throw createError("COC_FS_PATH", `${failure}: ${messageOf(cause)}; ${remedy}`, { cause });
  }
}
