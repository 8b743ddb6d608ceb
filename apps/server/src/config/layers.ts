import { resolve } from "node:path";
import { createError, issuesOf } from "@cocaine/core";
import { type PluginSource, sourceOf } from "../plugins.ts";
import { SETTING_NAMES, type Settings, settingsSchema } from "./settings.ts";

/** One place that sets something: the command line, the environment, a file. */
export interface Layer {
  /** Its name for messages. */
  readonly source: string;
  readonly values: unknown;
  /** Folder that its relative paths start at. */
  readonly base: string;
}

/** What one place sets, checked, with its paths absolute. */
export interface LayerSettings extends Omit<Settings, "plugins"> {
  readonly plugins?: readonly PluginSource[];
}

/**
 * Checks what one place sets, and makes its paths absolute.
 *
 * @throws `COC_CONFIG` with all that is wrong, and as `details.issues`.
 */
export function readLayer({ source, values, base }: Layer): LayerSettings {
  const parsed = settingsSchema.safeParse(values ?? {});
  if (!parsed.success) {
    const issues = issuesOf(parsed.error, values, settingsSchema);
    const lines = issues.map((issue) => `  ${issue.message}`).join("\n");
    throw createError("COC_CONFIG", `the configuration of ${source} is not valid:\n${lines}`, { details: { issues } });
  }
  const {
    apps,
    storage,
    plugins,
    "runtime-dir": runtimeDir,
    "cache-dir": cacheDir,
    "data-dir": dataDir,
    ...rest
  } = parsed.data;
  return {
    ...rest,
    ...(plugins === undefined ? {} : { plugins: plugins.map((plugin) => sourceOf(plugin, base)) }),
    ...(apps === undefined ? {} : { apps: resolve(base, apps) }),
    ...(runtimeDir === undefined ? {} : { "runtime-dir": resolve(base, runtimeDir) }),
    ...(dataDir === undefined ? {} : { "data-dir": resolve(base, dataDir) }),
    ...(cacheDir === undefined ? {} : { "cache-dir": resolve(base, cacheDir) }),
    ...(storage === undefined ? {} : { storage: absoluteStorage(storage, base) }),
  };
}

/** How the text of a variable is read where it is no text. */
const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  "shutdown-deadline": numberOr,
  "lease-ttl": numberOr,
  plugins: (text) => text.split(",").map((name) => name.trim()),
};

/** What the environment sets: `COCAINE_RUNTIME_DIR` is `runtime-dir`. An empty variable sets nothing. */
export function environmentValues(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const text = env[variableOf(name)];
    if (text) values[name] = parsers[name]?.(text) ?? text;
  }
  return values;
}

/** The variable that sets a setting. */
export function variableOf(name: string): string {
  return `COCAINE_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** A number, or the text as it is for the schema to refuse. */
export function numberOr(text: string): number | string {
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function absoluteStorage(storage: string, base: string): string {
  return storage.startsWith("files:") ? `files:${resolve(base, storage.slice("files:".length))}` : storage;
}
