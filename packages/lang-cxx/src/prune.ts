import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@cocaine/core/plugin";
import { BUILDING, ENTRY } from "./entry.ts";
import { hasUser, isAlive } from "./users.ts";

/** Programs that nobody uses are kept for so long, in milliseconds, and so many of them. */
const AGE = 30 * 24 * 3600 * 1000;
const NUMBER = 50;

/** Removes programs that nobody has used for long, and what builds that were cut off have left. */
export async function prune(root: string, log: Logger): Promise<void> {
  try {
    const names = await readdir(root);
    for (const name of names.filter(isLeft)) await rm(join(root, name), { recursive: true, force: true });
    const unused = await findUnused(root, names);
    const tooOld = Date.now() - AGE;
    for (const [index, { name, usedAt }] of unused.entries()) {
      if (index < NUMBER && usedAt >= tooOld) continue;
      // In one step, so that nobody finds half of it.
      const trash = join(root, `${BUILDING}${process.pid}-${name}`);
      await rename(join(root, name), trash);
      await rm(trash, { recursive: true, force: true });
    }
  } catch (err) {
    log.warn({ err, root }, "old programs could not be removed");
  }
}

function isLeft(name: string): boolean {
  return name.startsWith(BUILDING) && !isAlive(Number.parseInt(name.slice(BUILDING.length), 10));
}

/** The last used first. */
async function findUnused(root: string, names: readonly string[]) {
  const unused: { name: string; usedAt: number }[] = [];
  for (const name of names) {
    const stats = await stat(join(root, name, ENTRY)).catch(() => undefined);
    if (stats === undefined || name.startsWith(BUILDING) || (await hasUser(join(root, name)))) continue;
    unused.push({ name, usedAt: stats.mtimeMs });
  }
  return unused.sort((one, other) => other.usedAt - one.usedAt);
}
