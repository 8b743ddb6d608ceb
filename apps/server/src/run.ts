import { constants } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { createLogBook } from "@cocaine/admin";
import { messageOf } from "@cocaine/core";
import type { Config } from "./config/config.ts";
import { defaultRegistry } from "./distribution.ts";
import { createLog, type ServerLog } from "./log.ts";
import { overview } from "./overview.ts";
import { usePlugins } from "./plugins.ts";
import { Exit } from "./program.ts";
import { createServer, type Server } from "./server.ts";
import { handleSignals } from "./signals.ts";

/**
 * Runs a server until it is told to end.
 *
 * @param load - reads the configuration; again at each SIGHUP.
 * @returns the exit code.
 */
export async function runServer(load: () => Promise<Config>): Promise<number> {
  const config = await load();
  const logs = createLogBook();
  const log = createLog({ level: config.logLevel, format: config.logFormat, hostname: config.hostname, logs });
  const registry = await usePlugins(defaultRegistry(config), config.plugins);
  const server = createServer(config, registry, log, logs);

  const starting = server.start();
  const ended = untilEnd(server, config, log, starting, load);
  try {
    await starting;
  } catch (error) {
    await server.close(0);
    throw error;
  }
  announce(server, config, log);
  await ended;
  log.info({}, "ended");
  return Exit.ok;
}

/** Resolves when a signal has ended the server. */
function untilEnd(
  server: Server,
  config: Config,
  log: ServerLog,
  starting: Promise<void>,
  load: () => Promise<Config>,
): Promise<void> {
  let reloading: Promise<void> = starting;
  return new Promise((resolve, reject) => {
    handleSignals({
      stop(signal) {
        log.info({ signal, deadline: config.shutdownDeadline }, "ending: running jobs are waited for");
        // What is being deployed is let to its end first, so that none of its workers is forgotten.
        void Promise.allSettled([starting, reloading])
          .then(() => server.close(config.shutdownDeadline))
          .then(resolve, reject);
      },
      force(signal) {
        log.warn({ signal }, "ending at once");
        // Workers are killed, not left behind; nothing else is waited for.
        void server.close(0).finally(() => process.exit(128 + constants.signals[signal]));
      },
      reload() {
        reloading = Promise.allSettled([reloading]).then(() => reload(server, config, log, load));
      },
    });
  });
}

/** What only a new start of the server changes. */
const FIXED = [
  "storage",
  "plugins",
  "runtimeDir",
  "cacheDir",
  "dataDir",
  "admin",
  "logFormat",
  "hostname",
  "nodeId",
  "address",
  "leaseTtl",
  "shutdownDeadline",
] as const;

async function reload(server: Server, config: Config, log: ServerLog, load: () => Promise<Config>): Promise<void> {
  try {
    const next = await load();
    const changed = FIXED.filter((name) => !isDeepStrictEqual(next[name], config[name]));
    if (changed.length > 0) log.warn({ changed }, "these settings change when the server is started again");
    log.level = next.logLevel;
    await server.reload(next);
    log.info({ apps: server.host.info().apps.length }, "reloaded");
  } catch (error) {
    log.error({}, `the reload failed, all goes on as before: ${messageOf(error)}`);
  }
}

/** Tells what is up: a table for people, one line for programs. */
function announce(server: Server, config: Config, log: ServerLog): void {
  const { apps } = server.host.info();
  const { runtimeDir, file } = config;
  // A connection string may have a password.
  const storage = config.storage.replace(/^(mongodb[^/]*\/\/)[^@/]*@/, "$1");
  log.info({ runtimeDir, storage, config: file, apps: apps.map(({ name }) => name) }, "up");
  if (config.logFormat !== "pretty") return;
  // Nobody may read it any more, which must not end a server; the log ignores that as well.
  process.stdout.once("error", (error) => log.debug({ err: error }, "the table of apps was not written"));
  process.stdout.write(`\n${overview(apps)}\n\n`);
}
