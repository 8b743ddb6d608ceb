import { readdir } from "node:fs/promises";
import { run } from "./programs.ts";

/**
 * Sets the soft limit of a process; the hard one stays, so that it can be raised again.
 *
 * @param as - a command line before it, that becomes the user of the process.
 */
export async function setLimit(pid: number, name: "nproc" | "nofile", value: number, as: readonly string[] = []) {
  const [command = "", ...args] = [...as, "prlimit", "--pid", String(pid), `--${name}=${value}:`];
  const { code, stderr } = await run(command, args);
  if (code !== 0) throw new Error(stderr);
}

/** The highest file descriptor that a process has open. */
export async function highestDescriptor(pid: number): Promise<number> {
  return Math.max(...(await readdir(`/proc/${pid}/fd`)).map(Number));
}
