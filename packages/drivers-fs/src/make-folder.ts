import { mkdir, stat } from "node:fs/promises";
import { folderOf, keyOf, rawOf } from "./raw-path.ts";

/**
 * Makes a folder and those above it. Node's own way of doing so never returns where the system makes none (`/proc`).
 *
 * @throws the error of the system
 */
export async function makeFolder(path: Buffer): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const above = rawOf(folderOf(keyOf(path)));
    if (code === "ENOENT" && !(await exists(above))) {
      await makeFolder(above);
      await mkdir(path);
    } else if (!(await isFolder(path))) throw error;
  }
}

const exists = (path: Buffer): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const isFolder = (path: Buffer): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
