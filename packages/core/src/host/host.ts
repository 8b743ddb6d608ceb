import { mkdir } from "node:fs/promises";
import { hostname as systemHostname } from "node:os";
import { createCluster } from "../cluster/cluster.ts";
import { createLoadMeter } from "../cluster/load.ts";
import { type NodeFacts, nodeApp } from "../cluster/node-info.ts";
import { createStoredApps, type StoredApp } from "../cluster/stored-apps.ts";
import { createSync } from "../cluster/sync.ts";
import { createCountdown } from "../engine/countdown.ts";
import { createError, messageOf } from "../errors.ts";
import { type AppInfo, brokenApp } from "../info.ts";
import { type Manifest, parseManifest } from "../manifest/manifest.ts";
import { silentLogger } from "../observe/log.ts";
import { createCrashLogs } from "../records/crash-logs.ts";
import { createDeadLetters } from "../records/dead-letters.ts";
import { createDriverStates } from "../records/driver-states.ts";
import { createSerial } from "../serial.ts";
import { memoryStorage } from "../storage/memory.ts";
import { createEngines } from "./engines.ts";
import type { Host, HostOptions } from "./options.ts";

/** Makes a host. Nothing happens before `start()`. */
export function createHost(options: HostOptions): Host {
  const { registry, runtimeDir, openFeed, openCode, leaseTtl = LEASE_TTL } = options;
  const log = options.log ?? silentLogger();
  const storage = options.storage ?? memoryStorage();
  const hostname = options.hostname ?? systemHostname();
  const { id: node = hostname, address, version = "", admin } = options.node ?? {};
  const serial = createSerial();
  const meter = createLoadMeter();
  const startedAt = Date.now();
  /** Apps that are this node's own matter: the storage is not to know of them. */
  const own = new Set<string>();
  let started = performance.now();
  let opened = false;
  let closing: Promise<void> | undefined;

  const crashLogs = createCrashLogs({ storage, log });
  const driverStates = createDriverStates({ storage, log, node });
  const deadLetters = createDeadLetters({ storage, log }, async (app, task, request) =>
    engines.of(app).replay(task, request),
  );
  const stored = createStoredApps(storage);
  const cluster = createCluster({ storage, log, ttl: leaseTtl, node, describe });
  const { claim } = cluster;

  const engines = createEngines({
    runtimeDir,
    log,
    partsOf: (name) => ({
      registry,
      hostname,
      openFeed,
      openCode,
      keeper: {
        stateOf: (task, type, lease) => driverStates.of(name, task, type, lease),
        saved: (task) => driverStates.saved(name, task),
        claim: claim && ((task, claimant) => claim(`${name}/${task}`, claimant)),
      },
      onCrash: (report) => crashLogs.add(name, report),
      onDeadLetter: (letter) => deadLetters.add(name, letter),
    }),
  });

  const sync = createSync({
    stored,
    serial,
    log,
    target: {
      isOwn: (name) => own.has(name),
      async deploy(name, manifest) {
        try {
          // A version that runs is not given up for one that cannot; where none runs, none is waited for.
          await engines.deploy(parseManifest(manifest, { name, registry }), engines.find(name) !== undefined);
        } finally {
          cluster.changed();
        }
      },
      setPaused,
      async remove(name) {
        await engines.remove(name, DEADLINE);
        cluster.changed();
      },
    },
  });

  function setPaused(name: string, paused: boolean): void {
    const engine = engines.of(name);
    if (paused) engine.pause();
    else engine.resume();
    cluster.changed();
  }

  /** Has all nodes do what this one did, where the app is stored. */
  async function spread(name: string, change: (app: StoredApp) => StoredApp): Promise<void> {
    if (own.has(name)) return;
    const written = await stored.update(name, (app) => app && change(app));
    if (written !== undefined) sync.applied(written);
  }

  async function keep({ name, source }: Manifest): Promise<void> {
    try {
      own.delete(name);
      const written = await stored.update(name, (before) => ({ ...before, manifest: source }));
      if (written !== undefined) sync.applied(written);
    } catch (cause) {
      // Where there are other nodes, what is stored counts: as soon as it can be read.
      if (storage.shared) sync.look(name);
      const fate = storage.shared ? "what is stored takes its place later" : "it is gone at the next start";
      const message = `app "${name}" runs with the new manifest, which could not be stored, and ${fate}: deploy it again. ${messageOf(cause)}`;
      throw createError("COC_DEPLOY", message, { cause });
    }
  }

  /** Whoever is told to wait can; a deploy that came before the storage is open would be lost with the next start. */
  function requireOpen(): void {
    if (!opened) throw createError("COC_STARTING", "this node is still opening its storage: try again in a moment");
  }

  /** A cluster whose storage is away is not to be parted by a deploy. */
  async function requireStorage(name: string): Promise<void> {
    try {
      if (storage.shared) await stored.get(name);
    } catch (cause) {
      const message = `app "${name}" was not deployed, since it could not be stored: ${messageOf(cause)}`;
      throw createError("COC_DEPLOY", message, { cause });
    }
  }

  function infoOf(name: string): AppInfo {
    const failure = sync.failures.get(name);
    const engine = engines.find(name);
    if (failure === undefined) return engines.of(name).info();
    if (engine === undefined) return brokenApp(name, failure);
    return { ...engine.info(), rejected: { code: failure.code, message: failure.message } };
  }

  function allApps(): AppInfo[] {
    const names = new Set([...engines.names(), ...sync.failures.keys()]);
    return [...names].map(infoOf);
  }

  function describe(): NodeFacts {
    const apps = allApps().map(nodeApp);
    const facts = { id: node, hostname, pid: process.pid, version, startedAt, address, admin: admin?.() };
    return { ...facts, load: meter.read(), apps };
  }

  return {
    async start() {
      started = performance.now();
      await mkdir(runtimeDir, { recursive: true, mode: 0o711 });
      await storage.start();
      await cluster.start();
      opened = true;
      await sync.start();
      sync.follow();
      cluster.changed();
    },
    deploy: (name, value, { persist = true, probe = true } = {}) =>
      serial(name, async () => {
        requireOpen();
        const manifest = parseManifest(value, { name, registry });
        if (persist) await requireStorage(name);
        await engines.deploy(manifest, probe);
        if (persist) await keep(manifest);
        else {
          own.add(name);
          sync.removed(name);
        }
        cluster.changed();
        return infoOf(name);
      }),
    remove: (name, { persist = true } = {}) =>
      serial(name, async () => {
        requireOpen();
        if (!sync.failures.has(name)) engines.of(name);
        if (persist) await stored.remove(name);
        own.delete(name);
        sync.removed(name);
        await engines.remove(name, DEADLINE);
        cluster.changed();
        if (persist) await driverStates.remove(name);
        else sync.look(name);
      }),
    restart: (name, { persist = true } = {}) =>
      serial(name, async () => {
        const { manifest } = engines.of(name);
        if (manifest !== undefined) await engines.deploy(manifest, true);
        if (persist) await spread(name, (app) => ({ ...app, restarts: (app.restarts ?? 0) + 1 }));
        return infoOf(name);
      }),
    pause: (name, { persist = true } = {}) =>
      serial(name, async () => {
        setPaused(name, true);
        if (persist) await spread(name, (app) => ({ ...app, paused: true }));
      }),
    resume: (name, { persist = true } = {}) =>
      serial(name, async () => {
        setPaused(name, false);
        if (persist) await spread(name, ({ paused, ...app }) => app);
      }),
    call: (app, task, request, { signal } = {}) =>
      engines.of(app).call(task, request instanceof Uint8Array ? { chunk: request } : request, signal),
    crashReports: (app) => crashLogs.list(app),
    deadLetters,
    subscribe: (app, listener) => engines.of(app).feed.subscribe(listener),
    info: () => ({
      node,
      hostname,
      pid: process.pid,
      uptime: (performance.now() - started) / 1000,
      apps: allApps(),
    }),
    app: infoOf,
    nodes: () => cluster.nodes(),
    close({ deadline = DEADLINE } = {}) {
      const endings = engines.close(deadline);
      // Engines that end already may be given less time than they had.
      if (closing !== undefined) for (const [, end] of endings) void end();
      closing ??= (async () => {
        sync.close();
        await Promise.all(endings.map(([name, end]) => serial(name, end)));
        await withinGrace([crashLogs.idle(), deadLetters.idle(), driverStates.idle()]);
        await withinGrace([cluster.close()]);
        await storage.close();
      })();
      return closing;
    },
  };
}

const DEADLINE = 30_000;
/** Milliseconds that the storage has at the end for what is still to be written. */
const GRACE = 5000;
const LEASE_TTL = 15_000;

async function withinGrace(writes: readonly Promise<void>[]): Promise<void> {
  const countdown = createCountdown();
  countdown.shorten(GRACE);
  await Promise.race([Promise.all(writes), countdown.up]);
  countdown.stop();
}
