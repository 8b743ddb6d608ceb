import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Writes a file so that after a crash it is the old or the new one, whole: a new file beside it is written and fsynced,
 * renamed over it, and the folder is fsynced after that. On failure the old file stays and the new one is removed.
 *
 * @param id - tells this write's new file from those of others; digits.
 */
export async function writeAtomically(path: string, text: string, id: number): Promise<void> {
  const beside = `${path}.${id}`;
  try {
    const file = await open(beside, "wx", 0o600);
    try {
      // Unlike a single write(), it goes on after a short one, and so finds out that the disk is full.
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes a folder and those above it that are not there, for its owner alone, so that they survive a crash. */
export async function makeFolder(path: string): Promise<void> {
  const last = resolve(path);
  const first = await mkdir(last, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let folder = last; folder.length >= first.length; folder = dirname(folder)) await syncFolder(dirname(folder));
}

/** Makes renames and removals in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
