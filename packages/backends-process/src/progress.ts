import { closeSync, fchownSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { Account } from "./account.ts";

/** A worker's progress mark: a file that outlives a kill -9 (docs/worker-protocol.md). */
export interface Progress {
  /** Number of the last job that the worker began; 0 before the first. */
  read(): number;
  /** Removes the file; `read()` then says what was last in it. */
  end(): void;
}

/**
 * Makes the file: 8 zero bytes, which the worker may map. It is kept open, so that it can be read whatever happens.
 *
 * @param owner - the user of the worker, where that is another than ours.
 */
export function createProgress(path: string, owner: Account | undefined): Progress {
  const file = openSync(path, "w+", 0o600);
  try {
    if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
    writeSync(file, new Uint8Array(8));
  } catch (error) {
    closeSync(file);
    rmSync(path, { force: true });
    throw error;
  }
  const bytes = Buffer.alloc(4);
  let open = true;

  const read = (): number => {
    if (open) readSync(file, bytes, 0, 4, 0);
    return bytes.readUInt32BE(0);
  };
  return {
    read,
    end() {
      if (!open) return;
      read();
      open = false;
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}
