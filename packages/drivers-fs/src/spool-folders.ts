import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { createError, messageOf } from "@cocaine/core/plugin";
import { makeFolder } from "./make-folder.ts";
import type { FsOptions } from "./options.ts";

const { R_OK, W_OK, X_OK } = constants;

/** Makes the folders that files are moved to. @throws `COC_FS_PATH` where a folder is none, or lacks a right */
export async function checkSpool({ path, done, failed }: FsOptions): Promise<void> {
  if (!(await stat(path)).isDirectory()) {
    throw createError("COC_FS_PATH", `${path} is not a folder: a spool takes the files out of one, give its path`);
  }
  await check(path, R_OK | W_OK | X_OK, `${path} cannot be a spool`, "let the server read and write in it");
  for (const [option, folder] of Object.entries({ done, failed })) {
    if (folder === undefined) continue;
    const failure = `files cannot be moved to ${folder} ("${option}")`;
    await makeFolder(Buffer.from(folder)).catch((cause: unknown) => {
      throw createError("COC_FS_PATH", `${failure}: ${messageOf(cause)}; give a folder that can be made`, { cause });
    });
    await check(folder, W_OK | X_OK, failure, "let the server write in it");
  }
}

async function check(folder: string, rights: number, failure: string, remedy: string): Promise<void> {
  try {
    await access(folder, rights);
  } catch (cause) {
    throw createError("COC_FS_PATH", `${failure}: ${messageOf(cause)}; ${remedy}`, { cause });
  }
}
