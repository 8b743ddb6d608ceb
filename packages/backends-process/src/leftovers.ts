import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@cocaine/core/plugin";
import { type FolderName, parseFolderName, startTime } from "./folder.ts";
import { isErrno } from "./group.ts";
import { killMarked } from "./marked.ts";

/**
 * Ends what a server that died left behind in `parent`: its workers, which did not see the connection close, all that
 * those had started, and its folders. A process is known by its environment, which names the folder of its socket.
 */
export async function removeLeftovers(parent: string, log: Logger): Promise<void> {
  for (const name of await readdir(parent)) {
    const server = parseFolderName(name);
    if (server === undefined || (await isAlive(server))) continue;
    const folder = join(parent, name);
    const mark = `COCAINE_ENDPOINT=ipc://${folder}/`;
    const killed = await killMarked((variables) => variables.some((variable) => variable.startsWith(mark)));
    await rm(folder, { recursive: true, force: true });
    log.warn({ folder, server: server.pid, killed }, "ended what a dead server left behind");
  }
}

async function isAlive({ pid, started }: FolderName): Promise<boolean> {
  const now = await startTime(pid);
  if (now !== undefined) return now === started;
  if (started !== 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isErrno(error, "ESRCH");
  }
}
