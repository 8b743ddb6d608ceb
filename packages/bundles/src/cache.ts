import { createReadStream } from "node:fs";
import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createSerial, isCocaineError, type Logger, messageOf, type Storage, silentLogger } from "@cocaine/core/plugin";
import { badCache } from "./errors.ts";
import { fetchArchive } from "./fetch.ts";
import { type BundleLimits, limitsOf } from "./limits.ts";
import { CODE, isIntact, lastUsed, markUsed, writeRecord } from "./record.ts";
import { createBundleStore } from "./store.ts";
import { unpack } from "./unpack.ts";
import { createWorkshop, isCode } from "./workshop.ts";

/** The bundles that a node has unpacked, in folders by their SHA-256. */
export interface BundleCache {
  /**
   * Finds the folder of a bundle, or fetches it from the storage: once, however many ask at the same time. Nothing of
   * it is unpacked before the hash of the whole is found right, and its folder is there whole or not at all.
   *
   * @param signal - aborted when it is no longer waited for; the call then rejects with the reason.
   * @returns the absolute path.
   * @throws `COC_BUNDLE_UNKNOWN`, `COC_BUNDLE_DAMAGED`, `COC_BUNDLE_ARCHIVE`, `COC_BUNDLE_SIZE`, `COC_BUNDLE_CACHE`,
   * or what the storage throws.
   */
  open(sha256: string, signal?: AbortSignal): Promise<string>;
  /** Removes what is not among these, and was not used for so many milliseconds. */
  prune(used: ReadonlySet<string>, age: number): Promise<void>;
}

export interface BundleCacheOptions {
  readonly storage: Storage;
  /** Absolute path of the folder; made with mode 0711: workers of other users pass through it. */
  readonly folder: string;
  readonly limits?: Partial<BundleLimits>;
  /** @defaultValue none: nothing is written */
  readonly log?: Logger;
}

export function createBundleCache(options: BundleCacheOptions): BundleCache {
  const { folder: root, storage, log = silentLogger() } = options;
  const limits = limitsOf(options.limits);
  const store = createBundleStore({ storage, limits });
  const workshop = createWorkshop(root);
  const serial = createSerial();
  const opening = new Map<string, Promise<string>>();

  async function obtain(sha256: string): Promise<string> {
    await workshop.prepare();
    const entry = join(root, sha256);
    // Marked first, so that no process that prunes the folder takes it away while it is looked at.
    const intact = (await markUsed(entry)) && (await isIntact(entry));
    const size = await keep(sha256, intact);
    if (!intact) await make(sha256, size ?? 0);
    return join(entry, CODE);
  }

  /** Keeps the bundle in the storage. While that is away, what is here already is run. */
  async function keep(sha256: string, intact: boolean): Promise<number | undefined> {
    try {
      return await store.keep(sha256);
    } catch (error) {
      if (!intact || (isCocaineError(error) && error.code.startsWith("COC_BUNDLE_"))) throw error;
      log.warn({ bundle: sha256 }, `the storage was not asked for a bundle that is here already: ${messageOf(error)}`);
      return undefined;
    }
  }

  async function make(sha256: string, size: number): Promise<void> {
    log.info({ bundle: sha256, size }, "a bundle is fetched");
    try {
      await workshop.use(async (folder) => {
        const archive = join(folder, "archive.tar");
        await fetchArchive(store, sha256, size, archive, limits);
        const code = join(folder, CODE);
        await mkdir(code);
        await chmod(code, 0o755);
        const entries = await unpack(createReadStream(archive, { highWaterMark: CHUNK }), code, limits);
        await rm(archive);
        await writeRecord(folder, entries);
        await chmod(folder, 0o755);
        await publish(folder, sha256);
      });
    } catch (error) {
      if (isCode(error, "ENOSPC") || isCode(error, "EDQUOT")) throw badCache(root, "its disk is full", error);
      throw error;
    }
  }

  /** Puts a finished folder in its place. Where another process was faster, its one is as good, unless it is damaged. */
  async function publish(folder: string, sha256: string): Promise<void> {
    const entry = join(root, sha256);
    // Again, since another process may put its one in the place that was just cleared.
    while (!(await moved(folder, entry))) {
      if (await isIntact(entry)) return;
      log.warn({ bundle: sha256 }, "an unpacked bundle was damaged, and is made anew");
      await workshop.remove(sha256);
    }
  }

  return {
    async open(sha256, signal) {
      signal?.throwIfAborted();
      const shared = opening.get(sha256) ?? serial(sha256, () => obtain(sha256)).finally(() => opening.delete(sha256));
      opening.set(sha256, shared);
      return signal === undefined ? shared : withSignal(shared, signal);
    },
    async prune(used, age) {
      await workshop.prepare();
      const tooOld = Date.now() - age;
      for (const sha256 of await workshop.list()) {
        await serial(sha256, async () => {
          const entry = join(root, sha256);
          const usedAt = (await lastUsed(entry)) ?? 0;
          if (used.has(sha256)) await markUsed(entry);
          else if (usedAt < tooOld) {
            log.info({ bundle: sha256 }, "an unpacked bundle that no app uses is removed");
            await workshop.remove(sha256);
          }
        });
      }
    },
  };
}

/** Moves a folder to where none is. @returns whether none was */
async function moved(folder: string, place: string): Promise<boolean> {
  try {
    await rename(folder, place);
    return true;
  } catch (error) {
    if (isCode(error, "ENOTEMPTY") || isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Bytes that are read of an archive at once. */
const CHUNK = 64 * 1024;

async function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
