import type { Plugin, PluginKind } from "./contracts/plugin.ts";
import { callDriver } from "./engine/call-driver.ts";
import { createError } from "./errors.ts";

/** The plugins of a host. A value that is passed in, so that two hosts in one process can have different ones. */
export interface Registry {
  /**
   * Adds a plugin, or a list of them.
   *
   * @returns the registry, for chaining.
   * @throws `COC_PLUGIN_API` if the plugin was written for another version of the contract;
   * `COC_PLUGIN_DUPLICATE` if its name is taken.
   */
  use(plugin: AnyPlugin | readonly AnyPlugin[]): Registry;
  /** The plugin of that kind and name, or older name. */
  find<K extends PluginKind>(kind: K, name: string): Plugin<K> | undefined;
  /** The names there are, without the older ones, sorted. */
  names(kind: PluginKind): string[];
}

/** Any plugin, whatever its options: they are checked by its own schema before `create()` sees them. */
export type AnyPlugin = {
  [K in PluginKind]: Omit<Plugin<K>, "create"> & { create(options: never, context: never): unknown };
}[PluginKind];

/** Makes a registry that has the driver `call` and nothing else. */
export function createRegistry(): Registry {
  const plugins = new Map<string, AnyPlugin>();
  const registry: Registry = {
    use(added) {
      for (const plugin of [added].flat() as AnyPlugin[]) {
        if (plugin.apiVersion !== 1) throw wrongApi(plugin);
        for (const name of [plugin.name, ...(plugin.aliases ?? [])]) {
          const key = `${plugin.kind} ${name}`;
          if (plugins.has(key)) throw duplicate(plugin, name);
          plugins.set(key, plugin);
        }
      }
      return registry;
    },
    find<K extends PluginKind>(kind: K, name: string) {
      return plugins.get(`${kind} ${name}`) as Plugin<K> | undefined;
    },
    names(kind) {
      const found = [...plugins.values()].filter((plugin) => plugin.kind === kind).map((plugin) => plugin.name);
      return [...new Set(found)].sort();
    },
  };
  return registry.use(callDriver());
}

function wrongApi(plugin: AnyPlugin): Error {
  const message = `${plugin.kind} "${plugin.name}" was written for plugin API ${String(plugin.apiVersion)}, this host has 1: install a version of the plugin that fits`;
  return createError("COC_PLUGIN_API", message);
}

function duplicate(plugin: AnyPlugin, name: string): Error {
  return createError(
    "COC_PLUGIN_DUPLICATE",
    `a ${plugin.kind} named "${name}" is registered already: register it once`,
  );
}
