import { basename, extname } from "node:path";
import type { CocaineError, Logger } from "@cocaine/core/plugin";
import type { Cache } from "./cache.ts";

/** Code that can be built. */
export interface Built {
  readonly path: string;
  /** A hash of all that the program depends on. */
  fingerprint(): Promise<string>;
  /** Builds in an empty folder. @returns the program, relative to it */
  build(folder: string): Promise<string>;
  failure(why: string): CocaineError;
}

/** @returns the program, which is built if no one with this content has been */
export async function build(code: Built, cache: Cache, log: Logger): Promise<string> {
  const before = await code.fingerprint();
  const name = basename(code.path, extname(code.path)).replaceAll(/[^\w-]/g, "_");
  return cache.obtain(`${name}-${before}`, log, async (folder) => {
    const program = await code.build(folder);
    // What was built of changed code would be found again as what it was before.
    if ((await code.fingerprint()) !== before) throw code.failure("it changed while it was built: deploy it again");
    return program;
  });
}
