import { z } from "zod";

/** Levels of the log, the most talkative first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** A plugin: a package or path, alone or with options for what it exports. */
const plugin = z.union([
  z.string().min(1),
  z.strictObject({ module: z.string().min(1), options: z.record(z.string(), z.unknown()).optional() }),
]);

export type PluginSetting = z.infer<typeof plugin>;

/** What can be set, in the spelling of flags and files. Each place to set it gives a part. */
export const settingsSchema = z.strictObject({
  /** Folder of manifests to deploy and to follow. */
  apps: z.string().min(1).optional(),
  /** Where deployed apps are kept: `memory:`, `files:` and a folder, or the connection string of a MongoDB. */
  storage: z
    .string()
    .regex(/^(memory:$|files:.|mongodb(\+srv)?:\/\/.)/, "memory:, files:/path or mongodb://host/database")
    .optional(),
  /** Folder of what must survive: the embedded storage, the node's key, the audit log. */
  "data-dir": z.string().min(1).optional(),
  /** Endpoint of remote administration. */
  admin: z
    .string()
    .regex(/^(tcp|ipc):\/\/.+$/, "tcp://address:port or ipc:///path")
    .optional(),
  /** Folder of sockets, mode 0711. */
  "runtime-dir": z.string().min(1).optional(),
  /** Folder of the programs that were built and the bundles that were unpacked, mode 0711. */
  "cache-dir": z.string().min(1).optional(),
  /** Plugins beside those that come with the server. */
  plugins: z.array(plugin).optional(),
  "log-level": z.enum(LOG_LEVELS).optional(),
  "log-format": z.enum(["json", "pretty"]).optional(),
  /** Name of this node in feeds. */
  hostname: z.string().regex(/^\S+$/, "a name without spaces").optional(),
  /** Names this node in its cluster, also after a restart. */
  "node-id": z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "1 to 64 letters, digits, '.', '_' and '-'")
    .optional(),
  /** Host name or address under which other machines reach this node. */
  address: z
    .string()
    .regex(/^[A-Za-z0-9.:-]+$/, "a host name or an address, without port")
    .optional(),
  /** Seconds after which other nodes take over the tasks that run once in the cluster from one that is gone. */
  "lease-ttl": z.number().min(1).max(3600).optional(),
  /** Seconds that running jobs have when the server is told to end. */
  "shutdown-deadline": z.number().nonnegative().optional(),
});

export type Settings = z.infer<typeof settingsSchema>;

export type SettingName = keyof Settings;

export const SETTING_NAMES = Object.keys(settingsSchema.shape) as SettingName[];
