import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A folder of a backend, by its name: `<pid>.<start time>.<random>`, of the server that made it; both in base 36. */
export interface FolderName {
  readonly pid: number;
  /** Clock ticks from the system's boot to the start of the process; 0 where the system does not say. */
  readonly started: number;
}

const PATTERN = /^([0-9a-z]+)\.([0-9a-z]+)\.[A-Za-z0-9]{6}$/;

/** Makes a folder, mode 0700. Its name is short, since the path of a Unix socket is. */
export async function makeFolder(parent: string): Promise<string> {
  const started = (await startTime(process.pid)) ?? 0;
  return await mkdtemp(join(parent, `${process.pid.toString(36)}.${started.toString(36)}.`));
}

/** Reads a folder's name; `undefined` if it is not one of ours. */
export function parseFolderName(name: string): FolderName | undefined {
  const [, pid, started] = PATTERN.exec(name) ?? [];
  if (pid === undefined || started === undefined) return undefined;
  return { pid: Number.parseInt(pid, 36), started: Number.parseInt(started, 36) };
}

/**
 * When a process started: tells it from a later one with the same id.
 *
 * @returns field 22 of /proc/<pid>/stat (proc(5)); `undefined` where there is no such process, or no /proc.
 */
export async function startTime(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  // Field 2, the name, is in brackets and may have spaces: count from its end.
  const field = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return field === undefined ? undefined : Number(field);
}
