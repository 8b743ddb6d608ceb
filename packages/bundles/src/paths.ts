import type { BundleLimits } from "./limits.ts";

/** The paths of a bundle, as they are added one by one; those that were not added and lie above others are folders. */
export interface Paths {
  /** @returns what is wrong with a path: of itself, or beside those that were added before. */
  add(path: string, folder: boolean): string | undefined;
  /** Paths that there are, folders above others included. */
  readonly size: number;
}

interface Known {
  readonly path: string;
  readonly folder: boolean;
  /** It was not added itself. */
  readonly implied: boolean;
}

/** Bytes that a name may have on the usual file systems. */
const NAME_LIMIT = 255;

/** Makes the rules that hold for what is packed and what is unpacked alike. Paths are split by `/`. */
export function createPaths({ path: limit }: BundleLimits): Paths {
  /** By what a file system that takes no notice of case would find. */
  const known = new Map<string, Known>();
  const folders = new Set<string>();

  function claim(path: string, folder: boolean, implied: boolean): string | undefined {
    const key = path.normalize("NFC").toLowerCase();
    const other = known.get(key);
    if (other !== undefined && other.path !== path) return `it differs from ${other.path} in case or spelling alone`;
    if (other !== undefined && implied) return other.folder ? undefined : `${path} above it is no folder`;
    if (other !== undefined && !(folder && other.implied)) return "it is there twice";
    known.set(key, { path, folder, implied });
    if (folder) folders.add(path);
    return undefined;
  }

  return {
    add(path, folder) {
      const names = path.split("/");
      const fault = faultOf(path, names, limit);
      if (fault !== undefined) return fault;
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
        const above = path.slice(0, end);
        // Those above one that is known are known too: many deep paths cost no more than what is new of each.
        if (folders.has(above)) break;
        const other = claim(above, true, true);
        if (other !== undefined) return other;
      }
      return claim(path, folder, false);
    },
    get size() {
      return known.size;
    },
  };
}

function faultOf(path: string, names: readonly string[], limit: number): string | undefined {
  if (path.startsWith("/")) return "its path is absolute";
  if (names.includes("..")) return "its path leads out of the bundle";
  if (names.some((name) => name === "" || name === ".")) return "its path is no plain one";
  // A line break in a path would begin a field of its own in the archive.
  if (/\p{Cc}|\uFFFD/u.test(path)) return "its name has control characters, or is no UTF-8";
  if (Buffer.byteLength(path) > limit) return `its path is longer than ${limit} bytes`;
  if (names.some((name) => Buffer.byteLength(name) > NAME_LIMIT)) return `a name is longer than ${NAME_LIMIT} bytes`;
  return undefined;
}
