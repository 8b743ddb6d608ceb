import { close, open } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Logger } from "@cocaine/core/plugin";

/** Milliseconds between two looks. */
const INTERVAL = 1000;
/** Part of the limit from which on it is told, and below which it is over. */
const HIGH = 0.95;
const LOW = 0.9;

/**
 * Tells when the process runs out of file descriptors, once, and when it has enough again. The system accepts
 * connections that there is no descriptor for only to close them, and nobody would hear of it.
 *
 * @returns ends the watch.
 */
export function watchDescriptors(log: Logger): () => void {
  let scarce = false;
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    const limit = await openFilesLimit();
    const used = await lowestFree();
    looking = false;
    const part = used === undefined ? 1 : used / limit;
    if (!scarce && part >= HIGH) {
      scarce = true;
      log.error(
        { limit },
        `file descriptors run out (limit ${limit}): connections are closed and workers cannot be started until some are free; raise the limit (ulimit -n)`,
      );
    } else if (scarce && part < LOW) {
      scarce = false;
      log.info({ limit }, "there are file descriptors again");
    }
  }

  let limitSeen = Number.POSITIVE_INFINITY;
  /** The soft limit, which can be changed from outside; it cannot be read when there is no descriptor left. */
  async function openFilesLimit(): Promise<number> {
    const text = await readFile("/proc/self/limits", "utf8").catch(() => "");
    const limit = /^Max open files\s+(\d+)/m.exec(text)?.[1];
    if (limit !== undefined) limitSeen = Number(limit);
    return limitSeen;
  }

  const timer = setInterval(() => void look(), INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}

/** A file is given the lowest number that is free; `undefined` if there is none. */
function lowestFree(): Promise<number | undefined> {
  return new Promise((resolve) => {
    open("/dev/null", (error, fd) => {
      if (error !== null) resolve(undefined);
      else close(fd, () => resolve(fd));
    });
  });
}
