import { type FSWatcher, watch } from "node:fs";
import type { DriverContext } from "@cocaine/core/plugin";
import { type PathKey, rawOf, textOf } from "./raw-path.ts";

/** Folders that are watched; others are only looked into from time to time. */
const FOLDERS_LIMIT = 1000;

/** Rings when something happens in one of its folders. What exactly is for others to see. */
export class Bells {
  readonly #ring: () => void;
  readonly #log: DriverContext["log"];
  readonly #watchers = new Map<PathKey, FSWatcher>();
  #deaf = false;

  constructor(ring: () => void, log: DriverContext["log"]) {
    this.#ring = ring;
    this.#log = log;
  }

  /** Watches none but these. */
  keep(folders: ReadonlySet<PathKey>): void {
    for (const folder of this.#watchers.keys()) if (!folders.has(folder)) this.#remove(folder);
  }

  add(folder: PathKey): void {
    if (this.#watchers.has(folder) || this.#watchers.size >= FOLDERS_LIMIT) return;
    try {
      const watcher = watch(rawOf(folder), { encoding: "buffer" }, this.#ring);
      watcher.on("error", (error) => this.#failed(folder, error));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      this.#failed(folder, error);
    }
  }

  close(): void {
    for (const folder of this.#watchers.keys()) this.#remove(folder);
  }

  #failed(folder: PathKey, error: unknown): void {
    this.#remove(folder);
    if (this.#deaf || (error as NodeJS.ErrnoException).code === "ENOENT") return;
    this.#deaf = true;
    const message = "a folder cannot be watched: what comes into it is found a little later";
    this.#log.warn({ path: textOf(folder), err: error }, message);
  }

  #remove(folder: PathKey): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
