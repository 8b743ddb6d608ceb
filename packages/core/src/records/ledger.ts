import type { Storage } from "../contracts/storage.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";
import { createSerial } from "../serial.ts";

/** Entries that wait to be written at the most; more are lost, and told in the log. */
const PENDING = 1000;

export interface LedgerOptions {
  readonly storage: Storage;
  readonly collection: string;
  /** Entries of one app; the oldest go first. */
  readonly limit: number;
  readonly log: Logger;
}

/** One entry. Ids of later ones are greater. */
export interface Entry<T> {
  readonly id: string;
  readonly value: T;
  readonly revision: string;
}

/** What happened in apps, kept in a collection of the storage: a bounded number of entries for each app. */
export interface Ledger<T> {
  /** Writes an entry when those before it are written. Trouble of the storage is told in the log. */
  add(app: string, name: string, value: T): void;
  /** Those of an app, the oldest first. */
  list(app: string): Promise<Entry<T>[]>;
  get(app: string, id: string): Promise<Entry<T> | undefined>;
  /** Writes an entry anew. @throws `COC_STORAGE_CONFLICT` if it is no longer of that revision. @returns the new one */
  replace(app: string, entry: Entry<T>): Promise<Entry<T>>;
  /** @returns whether it was there. */
  drop(app: string, id: string): Promise<boolean>;
  /** Resolves when all that was added is written. */
  idle(): Promise<void>;
}

export function createLedger<T>({ storage, collection, limit, log }: LedgerOptions): Ledger<T> {
  const serial = createSerial();
  const writing = new Set<Promise<void>>();
  /** Ids of the entries that are there, by app, in order. */
  const known = new Map<string, string[]>();
  let lost = 0;

  const keyOf = (app: string, id: string): string => `${app}/${id}`;

  async function* entries(app: string): AsyncIterable<Entry<T>> {
    for await (const { key, value, revision } of storage.list(collection)) {
      if (key.startsWith(`${app}/`)) yield { id: key.slice(app.length + 1), value: value as T, revision };
    }
  }

  async function idsOf(app: string): Promise<string[]> {
    const there = known.get(app);
    if (there !== undefined) return there;
    const ids: string[] = [];
    for await (const { id } of entries(app)) ids.push(id);
    known.set(app, ids);
    return ids;
  }

  async function write(app: string, id: string, value: T): Promise<void> {
    try {
      const ids = await idsOf(app);
      await storage.put(collection, keyOf(app, id), value);
      ids.push(id);
      while (ids.length > limit) {
        const oldest = ids.shift() as string;
        await storage.delete(collection, keyOf(app, oldest));
        log.warn({ app, id: oldest }, `dropped the oldest of ${limit} ${collection} of the app`);
      }
    } catch (error) {
      log.error({ app, id, err: error }, `an entry of ${collection} could not be stored: ${messageOf(error)}`);
    }
  }

  return {
    add(app, name, value) {
      if (writing.size >= PENDING) {
        if (lost++ === 0) log.error({ app }, `${collection} come faster than the storage takes them: some are lost`);
        return;
      }
      if (lost > 0) log.warn({ app, lost }, `${lost} entries of ${collection} were lost`);
      lost = 0;
      const id = `${Date.now().toString(36).padStart(9, "0")}-${name}`;
      const written = serial(app, () => write(app, id, value)).finally(() => writing.delete(written));
      writing.add(written);
    },
    async list(app) {
      const all: Entry<T>[] = [];
      for await (const entry of entries(app)) all.push(entry);
      return all;
    },
    async get(app, id) {
      const document = await storage.get(collection, keyOf(app, id));
      return document === null ? undefined : { id, value: document.value as T, revision: document.revision };
    },
    async replace(app, { id, value, revision }) {
      const written = await storage.put(collection, keyOf(app, id), value, { ifRevision: revision });
      return { id, value, revision: written };
    },
    drop: (app, id) =>
      serial(app, async () => {
        const there = (await storage.get(collection, keyOf(app, id))) !== null;
        await storage.delete(collection, keyOf(app, id));
        const ids = await idsOf(app);
        if (ids.includes(id)) ids.splice(ids.indexOf(id), 1);
        return there;
      }),
    async idle() {
      await Promise.all(writing);
    },
  };
}
