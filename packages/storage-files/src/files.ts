import { readdir } from "node:fs/promises";
import type { Change, Document, Logger, Revision, Storage, WriteOptions } from "@cocaine/core/plugin";
import { Collection } from "./collection.ts";
import { badName, closed, failed } from "./errors.ts";
import { type Lock, takeLock } from "./lock.ts";
import { fileName } from "./names.ts";
import type { FilesOptions } from "./options.ts";
import { createRunning } from "./running.ts";
import { Watcher } from "./watcher.ts";
import { makeFolder } from "./write.ts";

interface Opened {
  readonly collection: Collection;
  readonly watcher: Watcher;
}

/** Documents as JSON files: a folder a collection, a file a document. */
export class Files implements Storage {
  readonly shared = false;
  readonly #path: string;
  readonly #log: Logger;
  readonly #collections = new Map<string, Promise<Opened>>();
  readonly #running = createRunning();
  readonly #ended = new AbortController();
  #starting: Promise<void> | undefined;
  #lock: Lock | undefined;

  constructor({ path }: FilesOptions, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  start(): Promise<void> {
    this.#starting ??= this.#running.add(this.#start()).finally(() => {
      // What failed may be tried again.
      if (this.#lock === undefined) this.#starting = undefined;
    });
    return this.#starting;
  }

  /** What is under way ends before the lock is given back. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#running.idle();
    const opened = await Promise.all(this.#collections.values());
    await Promise.all(opened.map(({ watcher }) => watcher.close()));
    await this.#running.idle();
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  get(name: string, key: string): Promise<Document | null> {
    return this.#use(name, ({ collection }) => collection.get(key));
  }

  async *list(name: string): AsyncIterable<Document> {
    yield* await this.#use(name, ({ collection }) => collection.list());
  }

  put(name: string, key: string, value: unknown, options: WriteOptions = {}): Promise<Revision> {
    return this.#use(name, async ({ collection, watcher }) => {
      const document = await collection.put(key, value, options);
      watcher.put(fileName(key), document);
      return document.revision;
    });
  }

  delete(name: string, key: string, options: WriteOptions = {}): Promise<void> {
    return this.#use(name, async ({ collection, watcher }) => {
      if (await collection.delete(key, options)) watcher.delete(fileName(key));
    });
  }

  async *watch(name: string, { signal }: { readonly signal: AbortSignal }): AsyncIterable<Change> {
    const { collection, watcher } = await this.#use(name, async (opened) => opened);
    const stop = AbortSignal.any([signal, this.#ended.signal]);
    const changes: Change[] = [];
    let wake: (() => void) | undefined;
    const stopped = () => wake?.();
    const unsubscribe = await watcher.subscribe((change) => {
      changes.push(change);
      wake?.();
    });
    stop.addEventListener("abort", stopped, { once: true });
    try {
      // Subscribed before the snapshot: a change in between is told twice rather than never.
      for (const document of stop.aborted ? [] : await this.#running.add(collection.list()))
        yield { type: "put", document };
      while (!stop.aborted) {
        const change = changes.shift();
        if (change !== undefined) yield change;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      unsubscribe();
      stop.removeEventListener("abort", stopped);
    }
  }

  async #start(): Promise<void> {
    try {
      await makeFolder(this.#path);
      await readdir(this.#path);
    } catch (error) {
      throw failed("opened", this.#path, error);
    }
    if (this.#ended.signal.aborted) throw closed(this.#path);
    this.#lock = await takeLock(this.#path);
  }

  /** Everything that reads or writes goes this way, so that `close()` knows of it. */
  #use<T>(name: string, step: (opened: Opened) => Promise<T>): Promise<T> {
    return this.#running.add(this.#open(name).then(step));
  }

  async #open(name: string): Promise<Opened> {
    if (this.#lock === undefined || this.#ended.signal.aborted) throw closed(this.#path);
    if (!/^[a-z][a-z0-9-]*$/.test(name)) throw badName("collection", name, "small letters, digits and '-'");
    const known = this.#collections.get(name);
    if (known !== undefined) return known;
    const opening = this.#openCollection(name);
    this.#collections.set(name, opening);
    // One that could not be opened is tried again by the next call.
    opening.catch(() => this.#collections.delete(name));
    return opening;
  }

  async #openCollection(name: string): Promise<Opened> {
    const collection = new Collection(this.#path, name, this.#log);
    await collection.open();
    const watcher = new Watcher({
      collection,
      log: this.#log,
      running: this.#running,
      signal: this.#ended.signal,
    });
    return { collection, watcher };
  }
}
