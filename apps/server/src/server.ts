import { join } from "node:path";
import { createKeys, createLocalServer, type LogBook } from "@cocaine/admin";
import { createBundleCache, createBundleStore, createBundleSweeper } from "@cocaine/bundles";
import { createHost, type Host, messageOf, type Registry } from "@cocaine/core";
import type { Logger } from "@cocaine/core/plugin";
import { createAdministration } from "./administration.ts";
import { createDeployer } from "./apps/deployer.ts";
import { createFollower } from "./apps/follower.ts";
import type { Config } from "./config/config.ts";
import { watchDescriptors } from "./descriptors.ts";
import { createStorage, defaultFeed } from "./distribution.ts";
import { controlSocket } from "./paths.ts";
import { version } from "./version.ts";

/** A node: a host, its control endpoint and its folder of apps. */
export interface Server {
  readonly host: Host;
  /** Takes the runtime folder, then starts the apps of the storage and of the folder. */
  start(): Promise<void>;
  /** Restarts every app, the folder's from their files; another folder takes the place of the one before. */
  reload(config: Config): Promise<void>;
  /**
   * Ends the apps, whose running jobs have `deadline` seconds, and gives everything back. A further call may bring the
   * deadline forward.
   */
  close(deadline: number): Promise<void>;
}

/** Makes a node as its configuration wants it. @param registry what it comes with, and its plugins */
export function createServer(config: Config, registry: Registry, log: Logger, logs: LogBook): Server {
  const { runtimeDir, cacheDir, dataDir, hostname, nodeId, address } = config;
  const storage = createStorage(config.storage, log);
  const cache = createBundleCache({ storage, folder: join(cacheDir, "bundles"), log });
  const host = createHost({
    registry,
    storage,
    runtimeDir: join(runtimeDir, "apps"),
    openFeed: defaultFeed(),
    openCode: cache.open,
    hostname,
    node: { id: nodeId, address, version, admin: () => administration.info() },
    leaseTtl: config.leaseTtl * 1000,
    log,
  });
  const inUse = () => host.info().apps.flatMap(({ bundle }) => bundle ?? []);
  const sweeper = createBundleSweeper({ storage, cache, inUse, log });
  const node = { host, logs, bundles: createBundleStore({ storage }), keys: createKeys(storage) };
  const control = createLocalServer({ ...node, path: controlSocket(runtimeDir), log });
  const administration = createAdministration({ ...node, endpoint: config.admin, dataDir, storage, log });
  let unwatch: () => void = () => undefined;
  const folder = createFollower({ deployer: createDeployer(host, log), log });

  async function restart(app: string): Promise<void> {
    try {
      await host.restart(app, { persist: false });
    } catch (error) {
      log.error({ app }, messageOf(error));
    }
  }

  return {
    host,
    async start() {
      // The endpoint first: binding it is what keeps a second server out of the folder.
      await control.start();
      unwatch = watchDescriptors(log);
      await host.start();
      await administration.start();
      await folder.follow(config.apps);
      sweeper.start();
    },
    async reload(next) {
      await folder.follow(next.apps);
      // One after the other: two pools of each app at once would be too much for a full machine.
      for (const { name } of host.info().apps) if (!folder.owns(name)) await restart(name);
    },
    async close(deadline) {
      unwatch();
      await folder.close();
      await administration.close();
      // A storage that does not answer must not hold up the end of the apps.
      await Promise.all([sweeper.close(), host.close({ deadline: deadline * 1000 })]);
      await control.close();
    },
  };
}
