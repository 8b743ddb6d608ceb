import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { readDocument } from "../document.ts";
import { defaultPaths, type Surroundings } from "../paths.ts";
import type { PluginSource } from "../plugins.ts";
import { environmentValues, type LayerSettings, readLayer } from "./layers.ts";
import type { Settings } from "./settings.ts";

/** How a server runs. */
export interface Config {
  /** The file that was read, if one was. */
  readonly file: string | undefined;
  /** Folder of manifests, absolute. */
  readonly apps: string | undefined;
  /** `memory:`, `files:` and an absolute folder, or the connection string of a MongoDB. */
  readonly storage: string;
  /** Beside those that come with the server. */
  readonly plugins: readonly PluginSource[];
  /** Of the node's key and the audit log. */
  readonly dataDir: string;
  /** Endpoint of remote administration, where there is one. */
  readonly admin: string | undefined;
  readonly runtimeDir: string;
  readonly cacheDir: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFormat: "json" | "pretty";
  readonly hostname: string;
  readonly nodeId: string;
  /** Of this node, for others. */
  readonly address: string | undefined;
  /** Seconds. */
  readonly leaseTtl: number;
  /** Seconds. */
  readonly shutdownDeadline: number;
}

/** What a server is told on its command line: flags by their names, and the configuration file. */
export interface Flags extends Settings {
  readonly config?: string | undefined;
}

/** What a configuration depends on beside flags and files. */
export interface ConfigContext extends Surroundings {
  readonly cwd: string;
  /** Whether the log goes to a terminal. */
  readonly terminal: boolean;
}

/**
 * Puts the configuration together: a flag goes over a `COCAINE_…` variable, a variable over the file, the file over
 * the default.
 *
 * @throws `COC_CONFIG` if something that is set is not valid, or the file cannot be read.
 */
export async function loadConfig({ config, ...flags }: Flags, context: ConfigContext): Promise<Config> {
  const { env, cwd, terminal } = context;
  const paths = defaultPaths(context);
  const named = config ?? (env.COCAINE_CONFIG || undefined);
  const file = named !== undefined ? resolve(cwd, named) : existing(paths.configFile);
  const layers = [
    ...(file === undefined
      ? []
      : [{ source: file, values: await readDocument(file, "COC_CONFIG"), base: dirname(file) }]),
    { source: "the environment (COCAINE_… variables)", values: environmentValues(env), base: cwd },
    { source: "the command line", values: flags, base: cwd },
  ];
  const settings: LayerSettings = Object.assign({}, ...layers.map(readLayer));
  const dataDir = settings["data-dir"] ?? paths.dataDir;
  return Object.freeze({
    file,
    apps: settings.apps,
    storage: settings.storage ?? `files:${join(dataDir, "storage")}`,
    plugins: settings.plugins ?? [],
    dataDir,
    admin: settings.admin,
    runtimeDir: settings["runtime-dir"] ?? paths.runtimeDir,
    cacheDir: settings["cache-dir"] ?? paths.cacheDir,
    logLevel: settings["log-level"] ?? "info",
    logFormat: settings["log-format"] ?? (terminal ? "pretty" : "json"),
    hostname: settings.hostname ?? hostname(),
    nodeId: settings["node-id"] ?? settings.hostname ?? hostname(),
    address: settings.address,
    leaseTtl: settings["lease-ttl"] ?? 15,
    shutdownDeadline: settings["shutdown-deadline"] ?? 30,
  });
}

function existing(file: string): string | undefined {
  return existsSync(file) ? file : undefined;
}
