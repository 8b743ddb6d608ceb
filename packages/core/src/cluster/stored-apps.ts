import { z } from "zod";
import type { Document, Revision, Storage } from "../contracts/storage.ts";
import { isCocaineError } from "../errors.ts";

/** Collection of the storage that holds the deployed apps by name. */
const APPS = "apps";
/** Writes over what others write at the same moment, before it is given up. */
const ATTEMPTS = 10;

/** What is stored of an app: what all nodes are to run. */
const storedApp = z.looseObject({
  manifest: z.unknown(),
  /** @defaultValue false */
  paused: z.boolean().optional(),
  /** How often it was to be restarted. @defaultValue 0 */
  restarts: z.number().optional(),
});

export type StoredApp = Readonly<z.output<typeof storedApp>>;

export interface AppDocument {
  readonly name: string;
  readonly app: StoredApp;
  readonly revision: Revision;
}

/** The apps of the storage. All of it throws `COC_STORAGE_…`. */
export interface StoredApps {
  get(name: string): Promise<AppDocument | undefined>;
  list(): AsyncIterable<AppDocument>;
  /**
   * Writes what `change` makes of what is stored; `undefined`: leaves it.
   *
   * @returns what was written.
   */
  update(
    name: string,
    change: (before: StoredApp | undefined) => StoredApp | undefined,
  ): Promise<AppDocument | undefined>;
  remove(name: string): Promise<void>;
  /** Names of apps that may have changed, with the revision; `undefined`: it is gone. */
  watch(signal: AbortSignal): AsyncIterable<{ readonly name: string; readonly revision: Revision | undefined }>;
}

/** What something else has written there is taken for a manifest, which it is none: that is said of it. */
function read({ key: name, value, revision }: Document): AppDocument {
  return { name, app: storedApp.safeParse(value).data ?? { manifest: value }, revision };
}

export function createStoredApps(storage: Storage): StoredApps {
  async function get(name: string): Promise<AppDocument | undefined> {
    const found = await storage.get(APPS, name);
    return found === null ? undefined : read(found);
  }

  return {
    get,
    async *list() {
      for await (const document of storage.list(APPS)) yield read(document);
    },
    async update(name, change) {
      for (let attempt = 1; ; attempt++) {
        const before = await get(name);
        const app = change(before?.app);
        if (app === undefined) return undefined;
        try {
          const revision = await storage.put(APPS, name, app, { ifRevision: before?.revision ?? null });
          return { name, app, revision };
        } catch (error) {
          const conflict = isCocaineError(error) && error.code === "COC_STORAGE_CONFLICT";
          if (!conflict || attempt === ATTEMPTS) throw error;
        }
      }
    },
    remove: (name) => storage.delete(APPS, name),
    async *watch(signal) {
      for await (const change of storage.watch(APPS, { signal })) {
        if (change.type === "delete") yield { name: change.key, revision: undefined };
        else yield { name: change.document.key, revision: change.document.revision };
      }
    },
  };
}
