import { z } from "zod";
import { ENGINE_ALIASES, engineSchema } from "../engine/policy.ts";
import { readCodePlace } from "./code.ts";

const CODE = "an absolute path, as local:///srv/app.py or /srv/app.py, or storage://<sha256>/app.py";

/** Names of apps: they become folder names and parts of identities. */
export const appName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    "1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit",
  );

const taskName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/,
    "1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or '_'",
  );

/** The manifest, but for what only its plugins know: their options are theirs to check. */
export const manifestSchema = z.strictObject({
  /** Language of the code, for example `python+wsgi`. */
  type: z.string().min(1),
  /** The code: `local:///srv/app/__init__.py`, an absolute path, or `storage://<sha256>/app.py` in a bundle. */
  args: z.string().transform((value, { addIssue }) => {
    const place = readCodePlace(value);
    if (place !== undefined) return place;
    addIssue(CODE);
    return z.NEVER;
  }),
  /** The app's own version, for the operator. */
  version: z.union([z.number(), z.string()]).optional(),
  /** What only the language knows; its own schema checks it. */
  language: z.record(z.string(), z.unknown()).default({}),
  /** Environment of the workers, on top of a clean one. */
  env: z.record(z.string(), z.string()).default({}),
  /** Rules of queue and pool. */
  engine: z.preprocess(renameAliases, engineSchema).prefault({}),
  /** Publish/subscribe feed. */
  pubsub: z.strictObject({ endpoint: z.string().regex(/^(tcp|ipc):\/\/.+$/, "tcp://… or ipc://…") }).optional(),
  /** What the app does, by name. */
  tasks: z
    .record(taskName, z.looseObject({ type: z.string().min(1) }))
    .refine((tasks) => Object.keys(tasks).length > 0, "at least one task"),
});

function renameAliases(engine: unknown): unknown {
  if (typeof engine !== "object" || engine === null || Array.isArray(engine)) return engine;
  return Object.fromEntries(Object.entries(engine).map(([key, value]) => [ENGINE_ALIASES[key] ?? key, value]));
}
