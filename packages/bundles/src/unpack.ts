import { chmod, type FileHandle, mkdir, open, realpath, symlink } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Entry } from "./entries.ts";
import { refusedEntry } from "./errors.ts";
import type { BundleLimits } from "./limits.ts";
import { parseArchive } from "./parse.ts";

/**
 * Unpacks an archive that may come from anywhere into an empty folder, readable by everyone.
 *
 * @returns what it has.
 * @throws `COC_BUNDLE_ARCHIVE`, `COC_BUNDLE_SIZE`, or what the file system says; the folder then holds a part of it.
 */
export async function unpack(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  limits: BundleLimits,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const folders = new Set<string>([folder]);
  let file: FileHandle | undefined;

  /** Makes a folder and those above it; the parser has seen to it that none of them is anything else. */
  async function makeFolder(path: string): Promise<void> {
    if (folders.has(path)) return;
    await makeFolder(dirname(path));
    await mkdir(path);
    // Whatever the umask says.
    await chmod(path, 0o755);
    folders.add(path);
  }

  async function begin({ type, path, executable }: Entry): Promise<void> {
    await file?.close();
    file = undefined;
    const place = join(folder, path);
    await makeFolder(type === "folder" ? place : dirname(place));
    if (type !== "file") return;
    file = await open(place, "wx");
    await file.chmod(executable ? 0o755 : 0o644);
  }

  try {
    for await (const step of parseArchive(archive, limits)) {
      if ("entry" in step) {
        entries.push(step.entry);
        await begin(step.entry);
      } else await file?.writeFile(step.bytes);
    }
  } finally {
    await file?.close();
  }
  await makeLinks(folder, entries);
  return entries;
}

/** Links come last: nothing is ever written through one. Where each ends is asked of the system, which is who follows it. */
async function makeLinks(folder: string, entries: readonly Entry[]): Promise<void> {
  const links = entries.filter(({ type }) => type === "link");
  for (const { path, target } of links) await symlink(target, join(folder, path));
  const root = await realpath(folder);
  for (const { path, target } of links) {
    const end = await realpath(join(folder, path)).catch(() => undefined);
    if (end === undefined) throw refusedEntry(path, `it links to ${target}, which is not there`);
    if (end !== root && !end.startsWith(root + sep))
      throw refusedEntry(path, `it links to ${target}, out of the bundle`);
  }
}
