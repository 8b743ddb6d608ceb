import { join } from "node:path";
import { processBackend } from "@cocaine/backends-process";
import { threadBackend } from "@cocaine/backends-thread";
import { createRegistry, memoryStorage, type OpenFeed, type Registry, type Storage } from "@cocaine/core";
import type { Logger } from "@cocaine/core/plugin";
import { cronDriver } from "@cocaine/drivers-cron";
import { fsDriver } from "@cocaine/drivers-fs";
import { httpDriver } from "@cocaine/drivers-http";
import { lsdServerDriver } from "@cocaine/drivers-lsd";
import { rawServerDriver } from "@cocaine/drivers-raw";
import { autoDriver, driftingTimerDriver } from "@cocaine/drivers-timer";
import { rawZmqDriver, zmqFeed, zmqServerDriver } from "@cocaine/drivers-zmq";
import { cxxLanguage } from "@cocaine/lang-cxx";
import { jsLanguages } from "@cocaine/lang-js";
import { perlLanguages } from "@cocaine/lang-perl";
import { pythonLanguages } from "@cocaine/lang-python";
import { filesStorage } from "@cocaine/storage-files";
import { mongoStorage } from "@cocaine/storage-mongo";

// The default distribution: the only place that knows which plugins a server comes with.

/** What the plugins of a server are told. */
export interface DistributionOptions {
  /** Folder of the programs that were built. @defaultValue each language's own */
  readonly cacheDir?: string;
}

/** The languages, the backends and the drivers. */
export function defaultRegistry({ cacheDir }: DistributionOptions = {}): Registry {
  return createRegistry()
    .use(jsLanguages())
    .use(pythonLanguages())
    .use(perlLanguages())
    .use(cxxLanguage(cacheDir === undefined ? {} : { cache: join(cacheDir, "cxx") }))
    .use(processBackend())
    .use(threadBackend())
    .use([autoDriver(), driftingTimerDriver()])
    .use(cronDriver())
    .use(fsDriver())
    .use(httpDriver())
    .use([zmqServerDriver(), rawZmqDriver()])
    .use(lsdServerDriver())
    .use(rawServerDriver());
}

/** Opens the feeds of apps. */
export function defaultFeed(): OpenFeed {
  return zmqFeed();
}

/** Makes the storage that a configuration names: `memory:`, `files:` and an absolute folder, or `mongodb://…`. */
export function createStorage(name: string, log: Logger): Storage {
  if (name === "memory:") return memoryStorage();
  if (name.startsWith("mongodb")) {
    const plugin = mongoStorage();
    return plugin.create(plugin.options.parse({ uri: name }), { log });
  }
  const plugin = filesStorage();
  return plugin.create(plugin.options.parse({ path: name.slice("files:".length) }), { log });
}
