import { basename } from "node:path";
import type { Change, Document } from "@cocaine/core/plugin";
import { type FSWatcher, watch } from "chokidar";
import type { Collection } from "./collection.ts";
import { isDocumentName } from "./names.ts";

/**
 * Tells the changes of one collection: own writes at once, and files that somebody edits by hand when the system
 * reports them. What was told is remembered by revision, so that an own write is not told again.
 */
export class Watcher {
  readonly #collection: Collection;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #told = new Map<string, { readonly key: string; readonly revision: string }>();
  #files: FSWatcher | undefined;

  constructor(collection: Collection) {
    this.#collection = collection;
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
    const files = watch(this.#collection.folder, {
      depth: 0,
      awaitWriteFinish: { stabilityThreshold: 50, pollInterval: 10 },
    });
    this.#files = files;
    const changed = async (path: string) => {
      const name = basename(path);
      if (!isDocumentName(name)) return;
      const document = await this.#collection.read(name);
      if (document !== null) this.put(name, document);
    };
    files.on("add", changed).on("change", changed);
    files.on("unlink", (path) => this.delete(basename(path)));
    await new Promise<void>((resolve) => files.once("ready", () => resolve()));
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
