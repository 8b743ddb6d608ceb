import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Header, Pax } from "tar";
import type { Entry } from "./entries.ts";
import { badFile, unreadable } from "./errors.ts";

const BLOCK = 512;
const END = Buffer.alloc(2 * BLOCK);
/** Bytes that are read of a file at once. */
const CHUNK = 256 * 1024;
const TYPES = { file: "File", folder: "Directory", link: "SymbolicLink" } as const;

/** The header of an entry: it depends on nothing but path, type, size, and whether it can be run. */
function encodeHeader({ type, path, size, executable, target }: Entry): Buffer {
  const fields = {
    path: type === "folder" ? `${path}/` : path,
    size,
    ...(type === "link" && { linkpath: target }),
  };
  const mode = type === "file" && !executable ? 0o644 : 0o755;
  const header = new Header({ ...fields, type: TYPES[type], mode, uid: 0, gid: 0, mtime: new Date(0) });
  const needsMore = header.encode();
  const block = header.block ?? Buffer.alloc(0);
  return needsMore ? Buffer.concat([new Pax(fields).encode(), block]) : block;
}

/** Bytes of the archive of these entries. */
export function archiveSize(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + encodeHeader(entry).length + padded(entry.size), END.length);
}

/**
 * Makes the archive of a folder's entries.
 *
 * @throws `COC_BUNDLE_FILE` where a file cannot be read, or is no longer what it was.
 */
export async function* readArchive(folder: string, entries: readonly Entry[]): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield encodeHeader(entry);
    if (entry.type !== "file") continue;
    yield* readFile(folder, entry);
    yield Buffer.alloc(padded(entry.size) - entry.size);
  }
  yield END;
}

/** The bytes of a file: as many as its header says, or none are right. */
async function* readFile(folder: string, { path, size }: Entry): AsyncGenerator<Uint8Array> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(folder, path), flags).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size !== size) throw changed(path);
    for (let left = size; left > 0; ) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(Math.min(left, CHUNK)) });
      if (bytesRead === 0) throw changed(path);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function changed(path: string): Error {
  return badFile(path, "it changed while it was packed: try again");
}

function padded(size: number): number {
  return BLOCK * Math.ceil(size / BLOCK);
}
