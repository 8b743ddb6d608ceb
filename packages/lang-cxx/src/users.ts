import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

// Which processes use an entry of the cache, so that none of them loses its program: a file each, named by its number.

const USERS = "users";

/** This process uses the entry. Rejects where there is none. */
export async function addUser(entry: string): Promise<void> {
  const users = join(entry, USERS);
  await mkdir(users).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  await writeFile(join(users, String(process.pid)), "");
}

/** Whether a process that lives uses the entry. */
export async function hasUser(entry: string): Promise<boolean> {
  const names = await readdir(join(entry, USERS)).catch(() => []);
  return names.some((name) => isAlive(Number(name)));
}

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
