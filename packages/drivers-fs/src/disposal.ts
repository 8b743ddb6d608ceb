import { randomBytes } from "node:crypto";
import { copyFile, lstat, open, rename, unlink, utimes } from "node:fs/promises";
import { makeFolder } from "./make-folder.ts";
import { isSame, type Mark, markOf } from "./mark.ts";
import { type Place, place, placeAt } from "./place.ts";
import { folderOf, joinKey, nameOf, type PathKey, rawOf, wrapName } from "./raw-path.ts";

/** `changed`: it is another file by now, which stays, and is to be told. */
export type Disposed = "done" | "changed";

const TAKEN = /^\.cocaine-[0-9a-f]{12}-/;

/** The name that a file had before it was renamed to be removed. */
const nameBefore = (name: PathKey): PathKey => name.replace(TAKEN, "");

/** The path that a file had before it was renamed to be removed; its own path if it was not. */
export const pathBefore = (path: PathKey): PathKey => joinKey(folderOf(path), nameBefore(nameOf(path)));

/**
 * Gives a file its name back that was not removed in the end. @returns where it is: where it was, if the name is taken
 */
export async function putBack(taken: PathKey): Promise<PathKey> {
  const path = pathBefore(taken);
  try {
    const mark = await markOf(taken);
    if (mark === undefined) return taken;
    const { both } = await placeAt(taken, path, mark.link);
    if (both) await unlink(rawOf(taken));
    return path;
  } catch (error) {
    if (["EEXIST", "ENOENT"].includes(codeOf(error) ?? "")) return taken;
    throw error;
  }
}

/**
 * Removes a file, unless it is no longer the one of `mark`. It is renamed, looked at and removed: what somebody puts
 * under its name at the last moment is either not touched, or stays under the other name.
 */
export async function removeFile(path: PathKey, mark: Mark): Promise<Disposed> {
  if (!isSame(mark, await markOf(path))) return "changed";
  const taken = otherName(folderOf(path), nameOf(path));
  try {
    await rename(rawOf(path), rawOf(taken));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "changed";
    throw error;
  }
  if (!isSame(mark, await markOf(taken))) return "changed";
  await unlink(rawOf(taken));
  return "done";
}

/**
 * Moves a file to `folder`, which is made, under its name or one made of it that is free. It has both names for a
 * moment, and what becomes of it after a kill is the same: the next time it is moved, it is there already.
 */
export async function moveFile(path: PathKey, mark: Mark, folder: PathKey): Promise<Disposed> {
  if (!isSame(mark, await markOf(path))) return "changed";
  try {
    const placed = await place(path, folder, nameBefore(nameOf(path)), mark.link);
    return await leave(path, mark, placed);
  } catch (error) {
    if (codeOf(error) === "EXDEV") return copyFileTo(path, mark, folder);
    if (codeOf(error) === "ENOENT" && (await markOf(path)) === undefined) return "changed";
    throw error;
  }
}

/** Takes the old name of a file away, or the new one where it is another file by now. */
async function leave(path: PathKey, mark: Mark, placed: Place): Promise<Disposed> {
  // A link may lead elsewhere from its new place, and is the same link.
  const isRight = async () => mark.link || isSame(mark, await markOf(placed.path));
  if (!placed.both) {
    if (await isRight()) return "done";
    await rename(rawOf(placed.path), rawOf(otherName(folderOf(path), nameOf(path))));
    return "changed";
  }
  const disposed = (await isRight()) ? await removeFile(path, mark) : "changed";
  if (disposed === "changed" && !(await isRight())) await unlink(rawOf(placed.path));
  return disposed;
}

/** To another file system: the copy is on its disk before the file is removed. */
async function copyFileTo(path: PathKey, mark: Mark, folder: PathKey): Promise<Disposed> {
  await makeFolder(rawOf(folder));
  const part = otherName(folder, nameOf(path));
  try {
    await copyFile(rawOf(path), rawOf(part));
    const { atime, mtime } = await lstat(rawOf(path));
    await utimes(rawOf(part), atime, mtime);
    await flush(part);
    if (!isSame(mark, await markOf(path))) return "changed";
    await place(part, folder, nameBefore(nameOf(path)), false);
    await flush(folder);
    return await removeFile(path, mark);
  } finally {
    await unlink(rawOf(part)).catch(ignoreMissing);
  }
}

async function flush(path: PathKey): Promise<void> {
  const file = await open(rawOf(path), "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

const otherName = (folder: PathKey, name: PathKey): PathKey =>
  joinKey(folder, wrapName(`.cocaine-${randomBytes(6).toString("hex")}-`, nameBefore(name), ""));

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== "ENOENT") throw error;
}
