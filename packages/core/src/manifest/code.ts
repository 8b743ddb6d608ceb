/** Where an app's code is. */
export interface CodePlace {
  /** SHA-256 of the bundle that has it, in hexadecimal; `undefined`: it lies on this machine. */
  readonly bundle: string | undefined;
  /** Absolute path of the file or folder, or the one inside the bundle; empty for the bundle as a whole. */
  readonly path: string;
}

const LOCAL = /^(?:local:\/\/)?(\/.*)$/s;
const STORED = /^storage:\/\/([0-9a-f]{64})(?:\/(.*))?$/s;

/** Reads a manifest's `args`; `undefined` for what is none. A path that leads out of its bundle is none. */
export function readCodePlace(args: string): CodePlace | undefined {
  const [, local] = LOCAL.exec(args) ?? [];
  if (local !== undefined) return { bundle: undefined, path: local };
  const [, bundle, path = ""] = STORED.exec(args) ?? [];
  const leaves = path.startsWith("/") || path.split("/").includes("..") || path.includes("\0");
  return bundle === undefined || leaves ? undefined : { bundle, path };
}
