import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type AnyPlugin, createError, messageOf, type Registry } from "@cocaine/core";
import { resolve } from "import-meta-resolve";
import { z } from "zod";
import type { PluginSetting } from "./config/settings.ts";

/** A plugin of the configuration, and where its name is looked up. */
export interface PluginSource {
  readonly module: string;
  readonly options: unknown;
  /** Folder that relative paths start at, and whose `node_modules` packages are in. */
  readonly base: string;
}

/** What is checked of something that says it is a plugin; its host checks the rest. */
const shape = z.looseObject({
  kind: z.enum(["driver", "backend", "language"]),
  name: z.string(),
  create: z.function(),
});

/** A name alone means no options. */
export function sourceOf(setting: PluginSetting, base: string): PluginSource {
  const { module, options } = typeof setting === "string" ? { module: setting, options: undefined } : setting;
  return { module, options, base };
}

/**
 * Loads modules that export a plugin, a list of them, or a function that makes such from options, as `default` or as
 * the only export, and registers what they have.
 *
 * @throws `COC_PLUGIN` that names the module and says what is wrong with it; `COC_PLUGIN_API`, `COC_PLUGIN_DUPLICATE`.
 */
export async function usePlugins(registry: Registry, sources: readonly PluginSource[]): Promise<Registry> {
  for (const source of sources) registry.use(await load(source));
  return registry;
}

async function load({ module, options, base }: PluginSource): Promise<AnyPlugin[]> {
  let value: unknown;
  try {
    const exported: Readonly<Record<string, unknown>> = await import(locate(module, base));
    const found = "default" in exported ? exported.default : onlyOf(exported);
    value = typeof found === "function" ? await found(options) : found;
  } catch (cause) {
    const remedy = `install it where ${base} finds it, or give a path that begins with ./ or /`;
    const missing = cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND";
    throw pluginError(module, messageOf(cause), missing ? remedy : "mend it, or leave it out", cause);
  }
  const plugins = [value].flat();
  for (const plugin of plugins) {
    if (shape.safeParse(plugin).success) continue;
    const remedy =
      "export as default what defineDriver(), defineBackend() or defineLanguage() returns, or a function that does";
    throw pluginError(module, "it exports no plugin", remedy);
  }
  return plugins as AnyPlugin[];
}

/** The URL of a module, by the rules of `import` in a file of that folder. */
function locate(module: string, base: string): string {
  return resolve(module, pathToFileURL(join(base, "cocained.mjs")).href);
}

function onlyOf(exported: Readonly<Record<string, unknown>>): unknown {
  const values = Object.values(exported);
  return values.length === 1 ? values[0] : undefined;
}

function pluginError(module: string, what: string, remedy: string, cause?: unknown): Error {
  return createError("COC_PLUGIN", `the plugin ${module} cannot be used (${what}): ${remedy}`, { cause });
}
