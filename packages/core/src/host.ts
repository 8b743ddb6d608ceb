import { mkdir } from "node:fs/promises";
import { hostname as systemHostname } from "node:os";
import { join } from "node:path";
import type { OpenCode } from "./contracts/code.ts";
import type { JobRequest } from "./contracts/driver.ts";
import type { OpenFeed } from "./contracts/feed.ts";
import type { Storage } from "./contracts/storage.ts";
import { createCountdown } from "./engine/countdown.ts";
import { Engine } from "./engine/engine.ts";
import { type CocaineError, createError, isCocaineError, messageOf } from "./errors.ts";
import { type AppInfo, brokenApp, type HostInfo } from "./info.ts";
import { type Manifest, parseManifest } from "./manifest/manifest.ts";
import type { FeedListener } from "./observe/feed.ts";
import { type Logger, silentLogger } from "./observe/log.ts";
import { createCrashLogs } from "./records/crash-logs.ts";
import type { StoredCrashReport } from "./records/crash-report.ts";
import { createDeadLetters, type DeadLetters } from "./records/dead-letters.ts";
import { createDriverStates } from "./records/driver-states.ts";
import type { Registry } from "./registry.ts";
import { createSerial } from "./serial.ts";
import { memoryStorage } from "./storage/memory.ts";

/** Collection of the storage that holds the deployed apps, as `{manifest}` by name. */
const APPS = "apps";

export interface HostOptions {
  /** The plugins that manifests may name. */
  readonly registry: Registry;
  /** Folder for sockets and the like, absolute; made with mode 0711: workers of other users pass through it. Keep it short: Unix socket paths end at 107 bytes. */
  readonly runtimeDir: string;
  /** Where deployed manifests are kept. @defaultValue a storage in memory */
  readonly storage?: Storage;
  /** @defaultValue none: nothing is written */
  readonly log?: Logger;
  /** Opens the feeds that manifests ask for with `pubsub`. @defaultValue none: feeds are heard by `subscribe()` alone */
  readonly openFeed?: OpenFeed;
  /** Finds the code of manifests that name a bundle, `storage://<sha256>/…`. @defaultValue none: such manifests are not deployed */
  readonly openCode?: OpenCode;
  /** Name of this node in feeds. @defaultValue the system's */
  readonly hostname?: string;
}

export interface DeployOptions {
  /** Write the manifest to the storage, so that the next start has it. @defaultValue true */
  readonly persist?: boolean;
  /** Wait until a worker is ready, so that code that cannot start fails the deploy. @defaultValue true */
  readonly probe?: boolean;
}

/** Runs apps: the engine of `cocained`, or of a service that embeds it. */
export interface Host {
  /** Opens the storage and deploys what it holds. An app that cannot be deployed is told in log and `info()`, and harms no other. */
  start(): Promise<void>;
  /**
   * Runs an app, or a running one with a new manifest, without losing a request.
   *
   * @throws `COC_MANIFEST` for a manifest that is not valid; `COC_DEPLOY` with its cause where the code or a driver
   * does not start: a version that ran before goes on. Also `COC_DEPLOY` where the app runs and could not be stored.
   */
  deploy(name: string, manifest: unknown, options?: DeployOptions): Promise<AppInfo>;
  /** Ends an app once its jobs have ended, and takes it out of the storage. @throws `COC_APP_UNKNOWN` */
  remove(name: string): Promise<void>;
  /** New workers, with the code as it is now; the old ones end their jobs. @throws as `deploy()` */
  restart(name: string): Promise<AppInfo>;
  /** Stops an app's drivers; their sockets stay open. */
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Runs a job and iterates over its response. @throws `COC_APP_UNKNOWN`, `COC_TASK_UNKNOWN`, or the job's error */
  call(
    app: string,
    task: string,
    request: Uint8Array | JobRequest,
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** How workers of an app crashed, hung or had to be killed: the last 100, the oldest first. */
  crashReports(app: string): Promise<StoredCrashReport[]>;
  /** Jobs that failed for good, of tasks with `dead-letter`. */
  readonly deadLetters: DeadLetters;
  /** Hears the feed of an app in this process. @returns ends the subscription. */
  subscribe(app: string, listener: FeedListener): () => void;
  info(): HostInfo;
  app(name: string): AppInfo;
  /**
   * Ends all apps and the storage. Jobs that are open have `deadline` milliseconds (30,000), then workers are killed.
   * A further call may bring the deadline forward.
   */
  close(options?: { readonly deadline?: number }): Promise<void>;
}

/** Makes a host. Nothing happens before `start()`. */
export function createHost(options: HostOptions): Host {
  const { registry, runtimeDir, openFeed, openCode } = options;
  const log = options.log ?? silentLogger();
  const storage = options.storage ?? memoryStorage();
  const hostname = options.hostname ?? systemHostname();
  const engines = new Map<string, Engine>();
  /** Those whose first version is not up yet. */
  const coming = new Map<string, Engine>();
  /** Apps of the storage that could not be deployed, and why. */
  const broken = new Map<string, CocaineError>();
  const serial = createSerial();
  let startedAt = performance.now();
  let closing: Promise<void> | undefined;

  const crashLogs = createCrashLogs({ storage, log });
  const driverStates = createDriverStates({ storage, log });
  const deadLetters = createDeadLetters({ storage, log }, async (app, task, request) =>
    engineOf(app).replay(task, request),
  );

  const engineOf = (name: string): Engine => {
    const engine = engines.get(name);
    if (engine !== undefined) return engine;
    const names = [...engines.keys()].join(", ") || "none";
    throw createError("COC_APP_UNKNOWN", `no app "${name}" runs here: deploy it first (running: ${names})`);
  };

  const run = async (manifest: Manifest, probe: boolean): Promise<void> => {
    const { name } = manifest;
    if (closing !== undefined)
      throw createError("COC_SHUTDOWN", "this host is shutting down: deploy to another, or again later");
    const running = engines.get(name);
    if (running !== undefined) return running.deploy(manifest, probe);
    const folder = join(runtimeDir, name);
    await mkdir(folder, { recursive: true, mode: 0o711 });
    const engine = new Engine({
      name,
      registry,
      log: log.child({ app: name }),
      hostname,
      runtimeDir: folder,
      openFeed,
      openCode,
      stateOf: (task, type) => driverStates.of(name, task, type),
      onCrash: (report) => crashLogs.add(name, report),
      onDeadLetter: (letter) => deadLetters.add(name, letter),
    });
    coming.set(name, engine);
    try {
      await engine.deploy(manifest, probe);
    } catch (error) {
      await engine.close(0);
      throw error;
    } finally {
      coming.delete(name);
    }
    engines.set(name, engine);
  };

  const deploy = async (manifest: Manifest, probe: boolean): Promise<void> => {
    try {
      await run(manifest, probe);
      broken.delete(manifest.name);
      log.info({ app: manifest.name, type: manifest.type }, "app deployed");
    } catch (cause) {
      if (isCocaineError(cause) && cause.code === "COC_SHUTDOWN") throw cause;
      const message = `app "${manifest.name}" was not deployed: ${messageOf(cause)}`;
      throw createError("COC_DEPLOY", message, { cause, details: isCocaineError(cause) ? cause.details : undefined });
    }
  };

  const keep = async ({ name, source }: Manifest): Promise<void> => {
    try {
      await storage.put(APPS, name, { manifest: source });
    } catch (cause) {
      const message = `app "${name}" runs with the new manifest, which could not be stored and is gone at the next start: deploy it again. ${messageOf(cause)}`;
      throw createError("COC_DEPLOY", message, { cause });
    }
  };

  /** One app of the storage. It must not keep the others from starting. */
  const recover = async (name: string, value: unknown): Promise<void> => {
    try {
      const { manifest } = value as { readonly manifest: unknown };
      await deploy(parseManifest(manifest, { name, registry }), false);
    } catch (error) {
      const failure = isCocaineError(error) ? error : createError("COC_DEPLOY", messageOf(error), { cause: error });
      broken.set(name, failure);
      log.error({ app: name, code: failure.code }, failure.message);
    }
  };

  const host: Host = {
    async start() {
      startedAt = performance.now();
      await mkdir(runtimeDir, { recursive: true, mode: 0o711 });
      await storage.start();
      const starting: Promise<void>[] = [];
      for await (const { key, value } of storage.list(APPS)) starting.push(serial(key, () => recover(key, value)));
      await Promise.all(starting);
    },
    deploy: (name, value, { persist = true, probe = true } = {}) =>
      serial(name, async () => {
        const manifest = parseManifest(value, { name, registry });
        await deploy(manifest, probe);
        if (persist) await keep(manifest);
        return engineOf(name).info();
      }),
    remove: (name) =>
      serial(name, async () => {
        const engine = broken.has(name) ? undefined : engineOf(name);
        engines.delete(name);
        broken.delete(name);
        await storage.delete(APPS, name);
        await engine?.close(DEADLINE);
        await driverStates.remove(name);
        log.info({ app: name }, "app removed");
      }),
    restart: (name) =>
      serial(name, async () => {
        const { manifest } = engineOf(name);
        if (manifest !== undefined) await deploy(manifest, true);
        return engineOf(name).info();
      }),
    pause: (name) => serial(name, async () => engineOf(name).pause()),
    resume: (name) => serial(name, async () => engineOf(name).resume()),
    call: (app, task, request, { signal } = {}) =>
      engineOf(app).call(task, request instanceof Uint8Array ? { chunk: request } : request, signal),
    crashReports: (app) => crashLogs.list(app),
    deadLetters,
    subscribe: (app, listener) => engineOf(app).feed.subscribe(listener),
    info: () => ({
      hostname,
      pid: process.pid,
      uptime: (performance.now() - startedAt) / 1000,
      apps: [
        ...[...engines.values()].map((engine) => engine.info()),
        ...[...broken].map(([name, error]) => brokenApp(name, error)),
      ],
    }),
    app(name) {
      const error = broken.get(name);
      return error === undefined ? engineOf(name).info() : brokenApp(name, error);
    },
    close({ deadline = DEADLINE } = {}) {
      // Engines that end already may be given less time than they had.
      if (closing !== undefined) for (const engine of engines.values()) void engine.close(deadline);
      closing ??= (async () => {
        const all = [...coming, ...engines];
        for (const [, engine] of all) engine.interrupt();
        const ending = all.map(([name, engine]) => serial(name, () => engine.close(deadline)));
        await Promise.all(ending);
        engines.clear();
        await withinGrace([crashLogs.idle(), deadLetters.idle(), driverStates.idle()]);
        await storage.close();
      })();
      return closing;
    },
  };
  return host;
}

const DEADLINE = 30_000;
/** Milliseconds that the storage has at the end for what is still to be written. */
const GRACE = 5000;

async function withinGrace(writes: readonly Promise<void>[]): Promise<void> {
  const countdown = createCountdown();
  countdown.shorten(GRACE);
  await Promise.race([Promise.all(writes), countdown.up]);
  countdown.stop();
}
