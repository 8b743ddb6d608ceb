import { basename } from "node:path";
import { type Change, type Document, type Logger, messageOf } from "@cocaine/core/plugin";
import { type FSWatcher, watch } from "chokidar";
import type { Collection } from "./collection.ts";
import { isDocumentName } from "./names.ts";
import type { Running } from "./running.ts";

export interface WatcherOptions {
  readonly collection: Collection;
  readonly log: Logger;
  /** Where readings of changed files are counted. */
  readonly running: Running;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Tells the changes of one collection: own writes at once, and files that somebody edits by hand when the system
 * reports them. What was told is remembered by revision, so that an own write is not told again.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #told = new Map<string, { readonly key: string; readonly revision: string }>();
  #files: FSWatcher | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  /** @returns ends the subscription. */
  async subscribe(listener: (change: Change) => void): Promise<() => void> {
    this.#listeners.add(listener);
    if (this.#files === undefined) await this.#open();
    return () => this.#listeners.delete(listener);
  }

  put(name: string, document: Document): void {
    const { key, revision } = document;
    if (this.#told.get(name)?.revision === revision) return;
    this.#told.set(name, { key, revision });
    this.#tell({ type: "put", document });
  }

  delete(name: string): void {
    const told = this.#told.get(name);
    if (told === undefined) return;
    this.#told.delete(name);
    this.#tell({ type: "delete", key: told.key });
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#files?.close();
  }

  async #open(): Promise<void> {
    const { collection, log, running, signal } = this.#options;
    if (signal.aborted) return;
    const files = watch(collection.folder, {
      depth: 0,
      awaitWriteFinish: { stabilityThreshold: 50, pollInterval: 10 },
    });
    this.#files = files;
    const changed = (path: string) => void running.add(this.#changed(basename(path)));
    files.on("add", changed).on("change", changed).on("unlink", changed);
    files.on("error", (error) =>
      log.error({ path: collection.folder, err: error }, `a folder cannot be watched: ${messageOf(error)}`),
    );
    await new Promise<void>((resolve) => {
      files.once("ready", () => resolve());
      // A watch that is closed is never ready.
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** A report may be late: what counts is the file as it is now. */
  async #changed(name: string): Promise<void> {
    if (!isDocumentName(name)) return;
    const { collection, log } = this.#options;
    try {
      const document = await collection.read(name);
      if (document === null) this.delete(name);
      else this.put(name, document);
    } catch (error) {
      log.error({ path: collection.folder, name, err: error }, `a changed document is not told: ${messageOf(error)}`);
    }
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
