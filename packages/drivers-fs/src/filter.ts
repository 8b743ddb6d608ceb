import { basename, relative } from "node:path";
import picomatch from "picomatch";
import type { FsOptions } from "./options.ts";

/** Whether a path below the watched one is to be told. Dot files match as others do. */
export function createFilter({ path, include, exclude }: FsOptions): (changed: string) => boolean {
  const included = include === undefined ? () => true : picomatch(include, { dot: true });
  const excluded = exclude.length === 0 ? () => false : picomatch(exclude, { dot: true });
  return (changed) => {
    // A file that is watched itself goes by its own name.
    const name = relative(path, changed) || basename(changed);
    return included(name) && !excluded(name);
  };
}
