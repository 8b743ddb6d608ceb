import { lstat, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "@cocaine/core/plugin";
import type { Entry } from "./entries.ts";
import { isCode } from "./workshop.ts";

// An unpacked bundle is a folder with the code, and beside that a record of what the code has, by which it is seen
// whether that is still so. The record's time is that of the last use.

/** Folder of the code. */
export const CODE = "code";
const RECORD = "record.json";

const recordSchema = z.array(z.tuple([z.string(), z.enum(["file", "folder", "link"]), z.number()]));

/** Files that are looked at together. */
const BATCH = 64;

export async function writeRecord(folder: string, entries: readonly Entry[]): Promise<void> {
  const record: z.infer<typeof recordSchema> = entries.map(({ path, type, size }) => [path, type, size]);
  await writeFile(join(folder, RECORD), JSON.stringify(record));
}

/**
 * Whether a folder has an unpacked bundle from which nothing is missing. It may not be so: the machine may have lost its
 * power before the files were on the disk, and somebody may have cleaned up.
 */
export async function isIntact(folder: string): Promise<boolean> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(join(folder, RECORD), "utf8")));
    for (let from = 0; from < record.length; from += BATCH) {
      const found = record.slice(from, from + BATCH).map(([path, type, size]) => isThere(folder, path, type, size));
      if ((await Promise.all(found)).includes(false)) return false;
    }
    return true;
  } catch {
    // Whatever is not right with it, unpacking it again mends it.
    return false;
  }
}

async function isThere(folder: string, path: string, type: Entry["type"], size: number): Promise<boolean> {
  const stats = await lstat(join(folder, CODE, path));
  if (type === "folder") return stats.isDirectory();
  return type === "link" ? stats.isSymbolicLink() : stats.isFile() && stats.size === size;
}

/** Writes down that a bundle is used. @returns whether there is one */
export async function markUsed(folder: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(join(folder, RECORD), now, now);
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** When a bundle was used last, in milliseconds of the epoch; `undefined` where there is none. */
export async function lastUsed(folder: string): Promise<number | undefined> {
  const stats = await lstat(join(folder, RECORD)).catch(() => undefined);
  return stats?.mtimeMs;
}
