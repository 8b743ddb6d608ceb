import type { BigIntStats } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { type PathKey, rawOf } from "./raw-path.ts";

/** What a file in a spool was when it was looked at. */
export interface Mark {
  readonly inode: string;
  readonly size: bigint;
  readonly written: bigint;
  /** Moves with whatever happens to the file, its name included. */
  readonly touched: bigint;
  /** A symbolic link to a file: the facts are those of the link, `size` and `written` those of the file. */
  readonly link: boolean;
}

/** @returns undefined for what is not there, and for what is neither a file nor a link to one. */
export async function markOf(key: PathKey): Promise<Mark | undefined> {
  const path = rawOf(key);
  try {
    const own = await lstat(path, { bigint: true });
    const link = own.isSymbolicLink();
    const target = link ? await stat(path, { bigint: true }) : own;
    return target.isFile() ? createMark(own, target, link) : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

function createMark(own: BigIntStats, target: BigIntStats, link: boolean): Mark {
  const inode = `${own.dev}:${own.ino}`;
  return { inode, size: target.size, written: target.mtimeNs, touched: target.ctimeNs, link };
}

/** Whether nobody has written to the file or put another in its place. */
export function isSame(one: Mark, other: Mark | undefined): boolean {
  return other !== undefined && one.inode === other.inode && one.size === other.size && one.written === other.written;
}

/** Whether nothing at all has happened to it. */
export const isStill = (one: Mark, other: Mark | undefined): boolean =>
  isSame(one, other) && one.touched === other?.touched;
