import { lstat, readdir, readlink, realpath } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { createError, isCocaineError, messageOf } from "@cocaine/core/plugin";
import { badFile, tooLarge, unreadable } from "./errors.ts";
import { readIgnored } from "./ignored.ts";
import type { BundleLimits } from "./limits.ts";
import { createPaths } from "./paths.ts";

/** A file, folder or link of a bundle. */
export interface Entry {
  readonly type: "file" | "folder" | "link";
  /** Relative to the bundle, split by `/`. */
  readonly path: string;
  /** Bytes of a file; 0 for others. */
  readonly size: number;
  readonly executable: boolean;
  /** Where a link leads, as it says itself. */
  readonly target: string;
}

/**
 * Finds what of a folder is in its bundle, in the order of the paths.
 *
 * @throws `COC_BUNDLE_FOLDER`, `COC_BUNDLE_FILE`, `COC_BUNDLE_SIZE`
 */
export async function findEntries(folder: string, limits: BundleLimits): Promise<Entry[]> {
  const root = await openFolder(folder);
  const isIgnored = await readIgnored(root);
  const paths = createPaths(limits);
  const entries: Entry[] = [];

  async function visit(below: string): Promise<void> {
    const items = await readdir(join(root, below), { withFileTypes: true }).catch((error: unknown) => {
      throw unreadable(below, error);
    });
    for (const item of items) {
      const path = below === "" ? item.name : `${below}/${item.name}`;
      if (isIgnored(path, item.isDirectory())) continue;
      const fault = paths.add(path, item.isDirectory());
      if (fault !== undefined) throw badFile(path, fault);
      if (paths.size > limits.entries) throw tooMany(folder, path, limits);
      const entry = await entryAt(root, path).catch((error: unknown) => {
        throw isCocaineError(error) ? error : unreadable(path, error);
      });
      entries.push(entry);
      if (entry.type === "folder") await visit(path);
    }
  }

  await visit("");
  await checkLinks(root, entries);
  return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
}

async function openFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    await readdir(root);
    return root;
  } catch (cause) {
    const message = `the folder ${folder} cannot be bundled (${messageOf(cause)}): name a folder that can be read`;
    throw createError("COC_BUNDLE_FOLDER", message, { cause });
  }
}

async function entryAt(root: string, path: string): Promise<Entry> {
  const place = join(root, path);
  const stats = await lstat(place);
  const common = { path, size: 0, executable: false, target: "" };
  if (stats.isDirectory()) return { ...common, type: "folder" };
  if (stats.isSymbolicLink()) return { ...common, type: "link", target: await readlink(place) };
  if (!stats.isFile()) throw badFile(path, "it is a socket, a pipe or a device");
  return { ...common, type: "file", size: stats.size, executable: (stats.mode & 0o100) !== 0 };
}

/** A link must lead to something that is in the bundle too. */
async function checkLinks(root: string, entries: readonly Entry[]): Promise<void> {
  const packed = new Set(entries.map(({ path }) => path));
  for (const { type, path, target } of entries) {
    if (type !== "link") continue;
    if (isAbsolute(target)) throw badFile(path, `it links to the absolute path ${target}`);
    const end = await realpath(join(root, path)).catch((cause: unknown) => {
      throw badFile(path, `it links to ${target}, which is not there`, cause);
    });
    if (end === root) continue;
    if (!end.startsWith(root + sep)) throw badFile(path, `it links to ${target}, out of the folder`);
    if (!packed.has(end.slice(root.length + 1))) throw badFile(path, `it links to ${target}, which is left out`);
  }
}

function tooMany(folder: string, path: string, { entries }: BundleLimits): Error {
  const what = `${folder} has more than ${entries} files, folders and links; the one at ${path} is too many`;
  return tooLarge(what, "leave out in .cocaineignore what the code does not need");
}
