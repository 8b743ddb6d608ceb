import { isAbsolute } from "node:path";
import { z } from "@cocaine/core/plugin";

const globs = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

/** What can happen to a path. */
export const fsEvents = ["add", "change", "unlink", "addDir", "unlinkDir"] as const;

/** Options of `fs`, as a manifest spells them. */
export const fsOptions = z.strictObject({
  /** The folder or file that is watched. */
  path: z.string().refine(isAbsolute, "an absolute path"),
  /** What a job is run for. */
  events: z.array(z.enum(fsEvents)).nonempty().default(["add", "change"]),
  /** Only paths that match one of these globs, relative to `path`. */
  include: globs.optional(),
  /** Not those that match one of these. */
  exclude: globs.default([]),
  /** Milliseconds that a file's size and time must not have changed before it is told. */
  settle: z.int().min(0).max(3_600_000).default(100),
  /** What is there already when the driver starts is told as `add` and `addDir`. */
  initial: z.boolean().default(false),
  /** How many levels of folders below `path` are watched; 0 is the folder alone. */
  depth: z.int().min(0).optional(),
  /** A path that is not there yet is waited for. */
  wait: z.boolean().default(false),
});

export type FsOptions = z.output<typeof fsOptions>;
