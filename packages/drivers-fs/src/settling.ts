import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { type DriverContext, messageOf } from "@cocaine/core/plugin";
import type { FsEvent } from "./event.ts";

type Tell = (event: FsEvent["event"], path: string, stats: Stats | undefined) => void;

interface Unsettled {
  readonly event: FsEvent["event"];
  /** `undefined` where the file is gone. */
  stats: Stats | undefined;
  /** `undefined` before the watch is open, and where the file is gone and its removal will be heard of. */
  timer: NodeJS.Timeout | undefined;
}

/** Milliseconds that a drain waits at the most for files that are still being written. */
const PATIENCE = 5000;

/**
 * Files that may still be written. Each is told once, by its first event, when neither its size nor its time has
 * changed for `settle` milliseconds. The watcher has such an option as well, which does not hold while it first reads
 * the folders.
 */
export class Settling {
  readonly #settle: number;
  readonly #tell: Tell;
  readonly #log: DriverContext["log"];
  readonly #files = new Map<string, Unsettled>();
  #open = false;
  #closed = false;
  #empty: (() => void) | undefined;

  constructor(settle: number, tell: Tell, log: DriverContext["log"]) {
    this.#settle = settle;
    this.#tell = tell;
    this.#log = log;
  }

  get size(): number {
    return this.#files.size;
  }

  /** A file was added or changed. */
  add(event: FsEvent["event"], path: string, stats: Stats): void {
    if (this.#closed) return;
    if (this.#settle === 0) return this.#tell(event, path, stats);
    const known = this.#files.get(path);
    clearTimeout(known?.timer);
    this.#put(path, known?.event === "unlink" ? "change" : (known?.event ?? event), stats);
  }

  /**
   * A file is gone. Nobody hears of one that came and went before it was told; and one that comes back at once was
   * changed, as editors do it.
   */
  remove(path: string): void {
    if (this.#closed) return;
    if (this.#settle === 0) return this.#tell("unlink", path, undefined);
    const known = this.#files.get(path);
    clearTimeout(known?.timer);
    if (known?.event === "add") this.#remove(path);
    else this.#put(path, "unlink", undefined);
  }

  /** The watcher misses nothing from now on: what changed in the meantime is seen by the next look at each file. */
  open(): void {
    this.#open = true;
    for (const [path, file] of this.#files) this.#wait(path, file);
  }

  /** Resolves once all files are told, or have had time for it. */
  async drain(): Promise<void> {
    if (this.#files.size > 0 && !this.#closed) {
      const limit = setTimeout(() => this.#empty?.(), Math.min(PATIENCE, 3 * this.#settle));
      await new Promise<void>((resolve) => (this.#empty = resolve));
      clearTimeout(limit);
    }
    this.close();
  }

  close(): void {
    this.#closed = true;
    if (this.#files.size > 0) {
      const paths = [...this.#files.keys()].slice(0, 20);
      this.#log.warn({ files: this.#files.size, paths }, "files that are still being written are not told");
    }
    this.forget();
  }

  /** All of them are gone, and nobody will hear of it. */
  forget(): void {
    for (const { timer } of this.#files.values()) clearTimeout(timer);
    this.#files.clear();
    this.#empty?.();
  }

  #put(path: string, event: FsEvent["event"], stats: Stats | undefined): void {
    const file: Unsettled = { event, stats, timer: undefined };
    this.#files.set(path, file);
    if (this.#open) this.#wait(path, file);
  }

  #wait(path: string, file: Unsettled): void {
    file.timer = setTimeout(() => void this.#look(path, file), this.#settle);
  }

  async #look(path: string, file: Unsettled): Promise<void> {
    const { stats } = file;
    if (stats === undefined) {
      this.#tell(file.event, path, undefined);
      return this.#remove(path);
    }
    try {
      file.stats = await stat(path);
      // Another event may have come meanwhile, and then it waits from that on.
      if (this.#files.get(path) !== file) return;
      if (file.stats.size !== stats.size || file.stats.mtimeMs !== stats.mtimeMs) return this.#wait(path, file);
      this.#tell(file.event, path, file.stats);
      this.#remove(path);
    } catch (error) {
      if (this.#files.get(path) !== file) return;
      file.timer = undefined;
      // What is gone is forgotten when the watcher tells of it, so that nobody hears of its removal alone.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      this.#log.warn({ path, err: error }, `a file is not told: ${messageOf(error)}`);
      this.#remove(path);
    }
  }

  #remove(path: string): void {
    this.#files.delete(path);
    if (this.#files.size === 0) this.#empty?.();
  }
}
