import { type Logger, messageOf, readCodePlace, type Storage, silentLogger } from "@cocaine/core";
import { z } from "@cocaine/core/plugin";
import type { BundleCache } from "./cache.ts";
import { isUploaded } from "./head.ts";
import { createBundleStore, type StoredBundle } from "./store.ts";

/** Removes the bundles that no app is of, from the storage and from the cache of a node. */
export interface BundleSweeper {
  /** Sweeps now and every hour. */
  start(): void;
  /** Ends it; a sweep that is under way ends first. May be called twice. */
  close(): Promise<void>;
  /** Sweeps once. @throws what the storage and the cache throw */
  sweep(): Promise<void>;
}

export interface BundleSweeperOptions {
  readonly storage: Storage;
  readonly cache: BundleCache;
  /** The bundles of the apps that run here; some of them may be in no storage. */
  readonly inUse: () => Iterable<string>;
  /** @defaultValue none: nothing is written */
  readonly log?: Logger;
  /**
   * Milliseconds that a bundle is kept for which no app is of; some hours at least, since of a deploy that comes within
   * an hour of another nothing is written down. @defaultValue a day
   */
  readonly age?: number;
  /** Milliseconds between two sweeps. @defaultValue an hour */
  readonly interval?: number;
}

/** What is read of an app; one whose manifest is none has no bundle either. */
const appSchema = z.object({ manifest: z.object({ args: z.string() }) });

const HOUR = 3_600_000;

export function createBundleSweeper(options: BundleSweeperOptions): BundleSweeper {
  const { storage, cache, inUse, log = silentLogger(), age = 24 * HOUR, interval = HOUR } = options;
  const store = createBundleStore({ storage });
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let sweeping: Promise<void> | undefined;

  async function sweep(): Promise<void> {
    const running = new Set(inUse());
    // Also while the storage is away: others who share the cache know nothing of the apps here.
    await cache.prune(running, Number.POSITIVE_INFINITY);
    // The bundles first, then the apps: one that is deployed in between is asked for, so that it is not removed.
    const bundles: StoredBundle[] = [];
    for await (const bundle of store.list()) bundles.push(bundle);
    const named = new Set([...running, ...(await namedBundles(storage))]);
    for (const bundle of bundles) if (!closed) await look(bundle, running, named);
    await cache.prune(named, age);
  }

  async function look(bundle: StoredBundle, running: ReadonlySet<string>, named: ReadonlySet<string>): Promise<void> {
    const { sha256, head } = bundle;
    // Those of apps that are in no storage are known to nobody else.
    if (running.has(sha256) && isUploaded(head)) await store.keep(sha256);
    const isYoung = head.created > Date.now() - age && head.state !== "removed";
    if (named.has(sha256) || isYoung) return;
    if (await store.remove(bundle)) log.info({ bundle: sha256 }, "a bundle that no app uses was removed");
  }

  async function again(): Promise<void> {
    try {
      await sweep();
    } catch (error) {
      if (!closed) log.warn({ err: error }, `bundles that no app uses were not removed: ${messageOf(error)}`);
    }
    if (!closed) timer = setTimeout(run, interval).unref();
  }

  const run = () => {
    sweeping = again();
  };

  return {
    start: run,
    async close() {
      closed = true;
      clearTimeout(timer);
      await sweeping;
    },
    sweep,
  };
}

/** The bundles that the manifests of the storage name. */
async function namedBundles(storage: Storage): Promise<string[]> {
  const named: string[] = [];
  for await (const { value } of storage.list("apps")) {
    const { data } = appSchema.safeParse(value);
    const { bundle } = readCodePlace(data?.manifest.args ?? "") ?? {};
    if (bundle !== undefined) named.push(bundle);
  }
  return named;
}
