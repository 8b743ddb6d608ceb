import type { Storage } from "../contracts/storage.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";
import { createSerial } from "../serial.ts";

/** What is kept of one app, and may wait to be written at the most; the oldest go first, which is told in the log. */
export interface LedgerLimit {
  readonly entries: number;
  /** Sum of what `weigh` says. @defaultValue any */
  readonly bytes?: number;
}

export interface LedgerOptions<T> {
  readonly storage: Storage;
  readonly collection: string;
  readonly limit: LedgerLimit;
  /** About how many bytes an entry has. @defaultValue none */
  readonly weigh?: (value: T) => number;
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
  /**
   * @param ifRevision - only if it is of that revision; else `COC_STORAGE_CONFLICT`, unless it is gone.
   * @returns whether it was there.
   */
  drop(app: string, id: string, ifRevision?: string): Promise<boolean>;
  /** Resolves when all that was added is written. */
  idle(): Promise<void>;
}

interface Place {
  readonly id: string;
  readonly bytes: number;
}

interface Waiting<T> {
  readonly name: string;
  readonly value: T;
  readonly bytes: number;
}

/** What is known of one app's entries. */
interface Shelf<T> {
  /** Those that are stored, in order; `undefined` until somebody looked. */
  stored: Place[] | undefined;
  readonly waiting: Waiting<T>[];
  waitingBytes: number;
  writing: boolean;
  /** Entries that were lost since one was written. */
  lost: number;
}

export function createLedger<T>(options: LedgerOptions<T>): Ledger<T> {
  const { storage, collection, log, weigh = () => 0 } = options;
  const { entries: most, bytes: heaviest = Number.POSITIVE_INFINITY } = options.limit;
  const serial = createSerial();
  const writing = new Set<Promise<void>>();
  const shelves = new Map<string, Shelf<T>>();

  const keyOf = (app: string, id: string): string => `${app}/${id}`;

  function shelfOf(app: string): Shelf<T> {
    const known = shelves.get(app);
    if (known !== undefined) return known;
    const made: Shelf<T> = { stored: undefined, waiting: [], waitingBytes: 0, writing: false, lost: 0 };
    shelves.set(app, made);
    return made;
  }

  async function* entries(app: string): AsyncIterable<Entry<T>> {
    for await (const { key, value, revision } of storage.list(collection)) {
      if (key.startsWith(`${app}/`)) yield { id: key.slice(app.length + 1), value: value as T, revision };
    }
  }

  async function storedOf(app: string): Promise<Place[]> {
    const shelf = shelfOf(app);
    if (shelf.stored !== undefined) return shelf.stored;
    const stored: Place[] = [];
    for await (const { id, value } of entries(app)) stored.push({ id, bytes: weigh(value) });
    shelf.stored = stored;
    return stored;
  }

  /** Writes what waits, and what comes meanwhile, one after the other. */
  async function writeAll(app: string, shelf: Shelf<T>): Promise<void> {
    shelf.writing = true;
    for (let next = shelf.waiting.shift(); next !== undefined; next = shelf.waiting.shift()) {
      const entry = next;
      shelf.waitingBytes -= entry.bytes;
      await serial(app, () => write(app, entry));
      if (shelf.lost > 0) log.warn({ app, lost: shelf.lost }, `${shelf.lost} entries of ${collection} were lost`);
      shelf.lost = 0;
    }
    shelf.writing = false;
  }

  async function write(app: string, { name, value, bytes }: Waiting<T>): Promise<void> {
    try {
      const stored = await storedOf(app);
      const id = `${stampAfter(stored.at(-1)?.id)}-${name}`;
      await storage.put(collection, keyOf(app, id), value);
      stored.push({ id, bytes });
    } catch (error) {
      log.error({ app, name, err: error }, `an entry of ${collection} could not be stored: ${messageOf(error)}`);
      return;
    }
    await trim(app);
  }

  /** Drops the oldest of what is too much. One that cannot be dropped is tried again with the next entry. */
  async function trim(app: string): Promise<void> {
    const stored = await storedOf(app);
    let bytes = stored.reduce((sum, place) => sum + place.bytes, 0);
    for (let oldest = stored[0]; oldest !== undefined; oldest = stored[0]) {
      if (stored.length <= most && bytes <= heaviest) return;
      try {
        await storage.delete(collection, keyOf(app, oldest.id));
      } catch (error) {
        const message = `the oldest of ${collection} could not be dropped: ${messageOf(error)}`;
        return log.error({ app, id: oldest.id, err: error }, message);
      }
      stored.shift();
      bytes -= oldest.bytes;
      log.warn({ app, id: oldest.id }, `dropped the oldest of ${collection} of the app: there were too many`);
    }
  }

  return {
    add(app, name, value) {
      const shelf = shelfOf(app);
      const bytes = weigh(value);
      shelf.waiting.push({ name, value, bytes });
      shelf.waitingBytes += bytes;
      while (shelf.waiting.length > most || shelf.waitingBytes > heaviest) {
        shelf.waitingBytes -= shelf.waiting.shift()?.bytes ?? 0;
        if (shelf.lost++ > 0) continue;
        log.error({ app }, `${collection} come faster than the storage takes them: the oldest are lost`);
      }
      if (shelf.writing) return;
      const written = writeAll(app, shelf).finally(() => writing.delete(written));
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
    drop: (app, id, ifRevision) =>
      serial(app, async () => {
        const there = (await storage.get(collection, keyOf(app, id))) !== null;
        if (there) await storage.delete(collection, keyOf(app, id), ifRevision === undefined ? {} : { ifRevision });
        const stored = shelfOf(app).stored;
        const place = stored?.findIndex((each) => each.id === id) ?? -1;
        if (place >= 0) stored?.splice(place, 1);
        return there;
      }),
    async idle() {
      await Promise.all(writing);
    },
  };
}

/** Now, or just after `last` where many come in one millisecond or the clock was set back. */
function stampAfter(last: string | undefined): string {
  const before = last === undefined ? 0 : Number.parseInt(last, 36);
  return Math.max(Date.now(), before + 1)
    .toString(36)
    .padStart(9, "0");
}
