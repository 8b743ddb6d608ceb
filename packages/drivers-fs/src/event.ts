import type { Stats } from "node:fs";
import type { FsOptions } from "./options.ts";

/** What happened to a path: the `fs` metadata of a job. */
export interface FsEvent {
  readonly event: FsOptions["events"][number];
  /** Absolute. */
  readonly path: string;
  readonly type: "file" | "folder";
  /** Bytes; absent for what is gone. */
  readonly size?: number;
  /** Milliseconds since the epoch; absent for what is gone. */
  readonly mtimeMs?: number;
}

export function createEvent(event: FsEvent["event"], path: string, stats: Stats | undefined): FsEvent {
  const type = event === "addDir" || event === "unlinkDir" ? "folder" : "file";
  return { event, path, type, ...(stats && { size: stats.size, mtimeMs: stats.mtimeMs }) };
}
