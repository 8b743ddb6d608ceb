import { readFileSync, rmSync, writeFileSync } from "node:fs";

/** A worker's progress mark: a file that outlives a kill -9 (docs/worker-protocol.md). */
export interface Progress {
  /** Number of the last job that the worker began; 0 before the first. */
  read(): number;
  remove(): void;
}

/** Makes the file: 8 zero bytes, which the worker may map. */
export function createProgress(path: string): Progress {
  writeFileSync(path, new Uint8Array(8), { mode: 0o600 });
  return {
    read: () => readFileSync(path).readUInt32BE(0),
    remove: () => rmSync(path, { force: true }),
  };
}
