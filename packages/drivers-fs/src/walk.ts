import type { Dirent } from "node:fs";
import { opendir } from "node:fs/promises";
import { joinKey, keyOf, type PathKey, rawOf } from "./raw-path.ts";

/** What a walk meets. */
export interface WalkOwner {
  /** @returns whether to go into it. Called for the root as well. */
  folder(key: PathKey, level: number): boolean;
  file(key: PathKey): void;
  /** A folder cannot be read. */
  failed(key: PathKey, error: NodeJS.ErrnoException): void;
}

/** Walks a folder, level by level. Links are files; what is neither a file nor a folder is left out. */
export async function walk(root: PathKey, owner: WalkOwner): Promise<void> {
  let folders = owner.folder(root, 0) ? [root] : [];
  for (let level = 1; folders.length > 0; level++) {
    const next: PathKey[] = [];
    for (const folder of folders) {
      try {
        // The types of Node know of strings alone here; with this encoding the names are bytes.
        const entries = await opendir(rawOf(folder) as unknown as string, {
          encoding: "buffer" as BufferEncoding,
          bufferSize: 512,
        });
        for await (const entry of entries as AsyncIterable<Dirent<string | Buffer>>) {
          const key = joinKey(folder, keyOf(Buffer.from(entry.name)));
          if (entry.isDirectory()) {
            if (owner.folder(key, level)) next.push(key);
          } else if (entry.isFile() || entry.isSymbolicLink()) owner.file(key);
        }
      } catch (error) {
        owner.failed(folder, error as NodeJS.ErrnoException);
      }
    }
    folders = next;
  }
}
