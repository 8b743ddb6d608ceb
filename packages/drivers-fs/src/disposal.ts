import { randomBytes } from "node:crypto";
import { copyFile, lstat, open, readlink, rename, symlink, unlink, utimes } from "node:fs/promises";
import { makeFolder } from "./make-folder.ts";
import { isSame, isStillAt, type Mark, markOf } from "./mark.ts";
import { folderOf, joinKey, nameOf, type PathKey, rawOf, wrapName } from "./raw-path.ts";

/** `changed`: it is another file by now, which stays, and is to be told. */
export type Disposed = "done" | "changed";

const TAKEN = /^\.cocaine-[0-9a-f]{12}-/;

/** The name that a file had before it was taken away, if that was not brought to its end. */
export const nameBefore = (name: PathKey): PathKey => name.replace(TAKEN, "");

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

/** Moves a file to `folder`, which is made, under `name` or the next that is free; as `removeFile()` otherwise. */
export async function moveFile(path: PathKey, mark: Mark, folder: PathKey, name: PathKey): Promise<Disposed> {
  if (!isSame(mark, await markOf(path))) return "changed";
  const target = await reserve(folder, name);
  try {
    await rename(rawOf(path), rawOf(target));
  } catch (error) {
    if (codeOf(error) === "EXDEV") return copy(path, mark, target);
    await unlink(rawOf(target));
    if (codeOf(error) === "ENOENT") return "changed";
    throw error;
  }
  if (await isStillAt(target, mark)) return "done";
  await rename(rawOf(target), rawOf(otherName(folderOf(path), nameOf(path))));
  return "changed";
}

/** To another file system: the copy is on its disk before the file is removed. */
async function copy(path: PathKey, mark: Mark, target: PathKey): Promise<Disposed> {
  const part = otherName(folderOf(target), nameOf(target));
  try {
    await (mark.link
      ? symlink(await readlink(rawOf(path), "buffer"), rawOf(part))
      : copyFile(rawOf(path), rawOf(part)));
    if (!mark.link) {
      const { atime, mtime } = await lstat(rawOf(path));
      await utimes(rawOf(part), atime, mtime);
      await flush(part);
    }
    if (isSame(mark, await markOf(path))) {
      await rename(rawOf(part), rawOf(target));
      await flush(folderOf(target));
      return await removeFile(path, mark);
    }
  } catch (error) {
    await discard(part, target);
    if (codeOf(error) === "ENOENT") return "changed";
    throw error;
  }
  await discard(part, target);
  return "changed";
}

/** Takes away what a copy has left, but nothing that is whole: a reserved name is an empty file. */
async function discard(part: PathKey, target: PathKey): Promise<void> {
  await unlink(rawOf(part)).catch(ignoreMissing);
  const left = await markOf(target);
  if (left?.size === 0n) await unlink(rawOf(target));
}

/** Makes an empty file under a name that was free: two that are moved at once do not get the same. */
async function reserve(folder: PathKey, name: PathKey): Promise<PathKey> {
  await makeFolder(rawOf(folder));
  for (let suffix = ""; ; suffix = `.${Date.now()}-${randomBytes(3).toString("hex")}`) {
    const target = joinKey(folder, wrapName("", name, suffix));
    try {
      await (await open(rawOf(target), "wx")).close();
      return target;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
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
