import type { Hash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * Adds the content of a folder to a hash: names, modes and bytes of all files. What begins with a dot, and folders that
 * CMake has built in, are no sources.
 */
export async function addFolder(hash: Hash, folder: string, below = ""): Promise<void> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  if (below !== "" && entries.some(({ name }) => name === "CMakeCache.txt")) return;
  for (const entry of entries.sort(byName)) {
    if (entry.name.startsWith(".")) continue;
    const name = join(below, entry.name);
    if (entry.isDirectory()) await addFolder(hash, folder, name);
    else await addFile(hash, folder, name, entry);
  }
}

async function addFile(hash: Hash, folder: string, name: string, entry: Dirent): Promise<void> {
  const path = join(folder, name);
  const link = entry.isSymbolicLink() ? await readlink(path) : "";
  // A link that leads nowhere counts as it is, and so does one to a folder, which may lead round in circles.
  const stats = await stat(path).catch(() => undefined);
  const bytes = stats?.isFile() ? await readFile(path) : Buffer.alloc(0);
  hash.update(`${JSON.stringify([name, link, (stats?.mode ?? 0) & 0o111, bytes.length])}\n`).update(bytes);
}

function byName(one: Dirent, other: Dirent): number {
  return one.name < other.name ? -1 : 1;
}
