import { mkdtemp, opendir, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createError, messageOf } from "@cocaine/core/plugin";
import { makeFolder } from "./make-folder.ts";
import type { FsOptions } from "./options.ts";

/** @throws `COC_FS_PATH` where a folder cannot be read */
export async function checkReadable(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) return;
  await attempt(`${path} cannot be watched`, "let the server read it", async () => (await opendir(path)).close());
}

/** Makes the folders that files are moved to. @throws `COC_FS_PATH` where a folder is none, or lacks a right */
export async function checkSpool({ path, done, failed }: FsOptions): Promise<void> {
  if (!(await stat(path)).isDirectory()) {
    throw createError("COC_FS_PATH", `${path} is not a folder: a spool takes the files out of one, give its path`);
  }
  await checkReadable(path);
  await attempt(`${path} cannot be a spool`, "let the server write in it", () => tryWriting(path));
  for (const [option, folder] of Object.entries({ done, failed })) {
    if (folder === undefined) continue;
    const failure = `files cannot be moved to ${folder} ("${option}")`;
    await attempt(failure, "give a folder that can be made", () => makeFolder(Buffer.from(folder)));
    await attempt(failure, "let the server write in it", () => tryWriting(folder));
  }
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
