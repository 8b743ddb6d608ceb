import { join } from "node:path";

/** What the folders of a user depend on. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Id of the user; 0 is root. */
  readonly uid: number;
  /** Home folder of the user. */
  readonly home: string;
  /** Folder for temporary files. */
  readonly tmp: string;
}

/** Where a node keeps its things unless it is told. */
export interface Paths {
  /** Sockets and progress files; emptied by a reboot. */
  readonly runtimeDir: string;
  /** What must survive: the embedded storage. */
  readonly dataDir: string;
  /** What can be made again: the programs that were built of apps' code, the bundles that were unpacked. */
  readonly cacheDir: string;
  /** The configuration that is read if it is there. */
  readonly configFile: string;
}

/** The folders of the system for root, those of the XDG Base Directory Specification (0.8) for other users. */
export function defaultPaths({ env, uid, home, tmp }: Surroundings): Paths {
  if (uid === 0) {
    return {
      runtimeDir: "/run/cocaine",
      dataDir: "/var/lib/cocaine",
      cacheDir: "/var/cache/cocaine",
      configFile: "/etc/cocaine/cocained.yaml",
    };
  }
  const runtime = env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, "cocaine") : join(tmp, `cocaine-${uid}`);
  return {
    runtimeDir: runtime,
    dataDir: join(env.XDG_DATA_HOME || join(home, ".local/share"), "cocaine"),
    cacheDir: join(env.XDG_CACHE_HOME || join(home, ".cache"), "cocaine"),
    configFile: join(env.XDG_CONFIG_HOME || join(home, ".config"), "cocaine/cocained.yaml"),
  };
}

/** The control socket in a runtime folder. */
export function controlSocket(runtimeDir: string): string {
  return join(runtimeDir, "control.sock");
}

/** The node's key in a data folder. */
export function nodeKeyFile(dataDir: string): string {
  return join(dataDir, "node-key.json");
}

/** Who asked what of the node from afar. */
export function auditFile(dataDir: string): string {
  return join(dataDir, "audit.log");
}

/** Folder of what a user of `cocaine` sets, root too (XDG Base Directory Specification). */
function userFolder({ env, home }: Surroundings): string {
  return join(env.XDG_CONFIG_HOME || join(home, ".config"), "cocaine");
}

/** The user's contexts. */
export function contextsFile(surroundings: Surroundings): string {
  return join(userFolder(surroundings), "contexts.yaml");
}

/** The user's own key. */
export function userKeyFile(surroundings: Surroundings): string {
  return join(userFolder(surroundings), "key.json");
}
