import type { Change, Document, Storage, WriteOptions } from "../contracts/storage.ts";
import { createError } from "../errors.ts";

/** A document as text: whoever reads it has a copy, as from a storage on disk. */
interface Stored {
  readonly key: string;
  readonly text: string;
  readonly revision: string;
}

export interface MemoryStorageOptions {
  /** Several hosts of this process use it, as one cluster. @defaultValue false */
  readonly shared?: boolean;
}

/** A storage that lives as long as the process: for tests, and for hosts that are told their apps at each start. */
export function memoryStorage({ shared = false }: MemoryStorageOptions = {}): Storage {
  const collections = new Map<string, Map<string, Stored>>();
  const watchers = new Set<{ collection: string; tell(change: Change): void }>();
  const ended = new AbortController();
  let revisions = 0;

  const collectionOf = (name: string): Map<string, Stored> => {
    const known = collections.get(name) ?? new Map<string, Stored>();
    collections.set(name, known);
    return known;
  };
  const check = (collection: string, key: string, { ifRevision }: WriteOptions): void => {
    if (ended.signal.aborted) throw createError("COC_STORAGE_CLOSED", "the storage is closed");
    const revision = collectionOf(collection).get(key)?.revision ?? null;
    if (ifRevision === undefined || ifRevision === revision) return;
    const message = `${collection}/${key} is at revision ${revision}, not ${ifRevision}: read it again and repeat the change`;
    throw createError("COC_STORAGE_CONFLICT", message);
  };
  const tell = (collection: string, change: Change): void => {
    for (const watcher of watchers) if (watcher.collection === collection) watcher.tell(change);
  };

  return {
    shared,
    async start() {},
    async close() {
      ended.abort();
    },
    async get(collection, key) {
      const stored = collectionOf(collection).get(key);
      return stored === undefined ? null : read(stored);
    },
    async *list(collection) {
      const all = [...collectionOf(collection).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
      for (const stored of all) yield read(stored);
    },
    async put(collection, key, value, options = {}) {
      check(collection, key, options);
      const revision = String(++revisions);
      const stored = { key, text: JSON.stringify(value), revision };
      collectionOf(collection).set(key, stored);
      tell(collection, { type: "put", document: read(stored) });
      return revision;
    },
    async delete(collection, key, options = {}) {
      check(collection, key, options);
      if (collectionOf(collection).delete(key)) tell(collection, { type: "delete", key });
    },
    async *watch(collection, { signal }) {
      const stop = AbortSignal.any([signal, ended.signal]);
      const changes: Change[] = [...collectionOf(collection).values()].map((stored) => ({
        type: "put",
        document: read(stored),
      }));
      let wake: (() => void) | undefined;
      const watcher = {
        collection,
        tell(change: Change) {
          changes.push(change);
          wake?.();
        },
      };
      const stopped = () => wake?.();
      watchers.add(watcher);
      stop.addEventListener("abort", stopped, { once: true });
      try {
        while (!stop.aborted) {
          const change = changes.shift();
          if (change !== undefined) yield change;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        watchers.delete(watcher);
        stop.removeEventListener("abort", stopped);
      }
    },
  };
}

function read({ key, text, revision }: Stored): Document {
  return { key, value: JSON.parse(text) as unknown, revision };
}
