import { isAbsolute, join, resolve } from "node:path";
import { z } from "@cocaine/core/plugin";

const globs = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

/** What can happen to a path. */
export const fsEvents = ["add", "change", "unlink", "addDir", "unlinkDir"] as const;

const fields = z.strictObject({
  /** The folder or file that is watched. */
  path: z.string().refine(isAbsolute, "an absolute path"),
  /** What a job is run for. @defaultValue `["add", "change"]` */
  events: z.array(z.enum(fsEvents)).nonempty().optional(),
  /** Only paths that match one of these globs, relative to `path`. */
  include: globs.optional(),
  /** Not those that match one of these. */
  exclude: globs.default([]),
  /** Milliseconds that a file's size and time must not have changed before it is told. */
  settle: z.int().min(0).max(3_600_000).default(100),
  /** What is there already when the driver starts is told as `add` and `addDir`. @defaultValue that of `spool` */
  initial: z.boolean().optional(),
  /** How many levels of folders below `path` are watched; 0 is the folder alone. */
  depth: z.int().min(0).optional(),
  /** A path that is not there yet is waited for. */
  wait: z.boolean().default(false),
  /** The folder is a queue: each file in it is a job, and is taken out when that has ended. */
  spool: z.boolean().default(false),
  /** Of a spool: the folder that files go to whose jobs ended well. They are removed where it is not given. */
  done: z.string().refine(isAbsolute, "an absolute path").optional(),
  /** Of a spool: the folder that files go to whose jobs failed for good. @defaultValue `failed` in `path` */
  failed: z.string().refine(isAbsolute, "an absolute path").optional(),
});

type Fields = z.output<typeof fields>;

/** Options of `fs`, as a manifest spells them. */
export const fsOptions = fields
  .refine(({ spool, events }) => !spool || events === undefined, {
    path: ["events"],
    error: "none with spool, which tells each file once",
  })
  .refine(({ spool, initial }) => !spool || initial !== false, {
    path: ["initial"],
    error: "true with spool, which tells what is there",
  })
  .refine(({ spool, done }) => spool || done === undefined, { path: ["done"], error: "spool: true beside it" })
  .refine(({ spool, failed }) => spool || failed === undefined, { path: ["failed"], error: "spool: true beside it" })
  .refine((given) => isAside(given, given.done), { path: ["done"], error: "another folder than path" })
  .refine((given) => isAside(given, given.failed), { path: ["failed"], error: "another folder than path" })
  .transform(({ path, events = ["add", "change"], initial, done, failed, ...given }) => ({
    ...given,
    path: resolve(path),
    events,
    initial: initial ?? given.spool,
    done: done === undefined ? undefined : resolve(done),
    failed: resolve(failed ?? join(path, "failed")),
  }));

export type FsOptions = z.output<typeof fsOptions>;

function isAside({ path }: Fields, folder: string | undefined): boolean {
  return folder === undefined || resolve(folder) !== resolve(path);
}
