import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Account } from "./account.ts";

const READ = 4;
const PASS = 1;

/** Something of the file system that an account may not use. */
export interface Obstacle {
  readonly path: string;
  /** What it may not do, and by whose mode. */
  readonly why: string;
}

/**
 * What keeps an account from reading a file, or from passing through a folder, by the modes of all the folders on the
 * way: `undefined` where nothing does, and where there is no such path. Access lists are not asked.
 */
export function obstacleTo(path: string, account: Account): Obstacle | undefined {
  try {
    const target = realpathSync(path);
    for (const folder of foldersAbove(target)) {
      const stats = statSync(folder);
      if (!may(account, stats, PASS)) return obstacle(folder, "pass through the folder", stats);
    }
    const stats = statSync(target);
    if (stats.isDirectory() && !may(account, stats, PASS)) return obstacle(target, "enter the folder", stats);
    if (stats.isFile() && !may(account, stats, READ)) return obstacle(target, "read the file", stats);
    return undefined;
  } catch {
    // A path that is not there is told by whoever needs it.
    return undefined;
  }
}

/** From the root downwards. */
function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [...foldersAbove(above), above];
}

function may({ uid, gid }: Account, stats: Stats, permission: number): boolean {
  if (uid === 0) return true;
  const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0;
  return ((stats.mode >> shift) & permission) !== 0;
}

function obstacle(path: string, what: string, { mode, uid, gid }: Stats): Obstacle {
  return { path, why: `${what} ${path} (mode 0${(mode & 0o777).toString(8)}, owner ${uid}:${gid})` };
}
