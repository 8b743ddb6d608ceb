import type { Change, Document, Storage, WriteOptions } from "../contracts/storage.ts";
import { createError } from "../errors.ts";

/** A storage that lives as long as the process: for tests, and for hosts that are told their apps at each start. */
export function memoryStorage(): Storage {
  const collections = new Map<string, Map<string, Document>>();
  const watchers = new Set<{ collection: string; tell(change: Change): void }>();
  const ended = new AbortController();
  let revisions = 0;

  const collectionOf = (name: string): Map<string, Document> => {
    const known = collections.get(name) ?? new Map<string, Document>();
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
    async start() {},
    async close() {
      ended.abort();
    },
    async get(collection, key) {
      return collectionOf(collection).get(key) ?? null;
    },
    async *list(collection) {
      yield* [...collectionOf(collection).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async put(collection, key, value, options = {}) {
      check(collection, key, options);
      const revision = String(++revisions);
      // A copy through JSON: what is stored is what a storage on disk would give back.
      const document = { key, value: JSON.parse(JSON.stringify(value)) as unknown, revision };
      collectionOf(collection).set(key, document);
      tell(collection, { type: "put", document });
      return revision;
    },
    async delete(collection, key, options = {}) {
      check(collection, key, options);
      if (collectionOf(collection).delete(key)) tell(collection, { type: "delete", key });
    },
    async *watch(collection, { signal }) {
      const stop = AbortSignal.any([signal, ended.signal]);
      const changes: Change[] = [...collectionOf(collection).values()].map((document) => ({ type: "put", document }));
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
