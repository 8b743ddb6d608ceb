import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { createError, type Driver, type DriverContext, messageOf } from "@cocaine/core/plugin";
import { type FSWatcher, watch } from "chokidar";
import { Backlog } from "./backlog.ts";
import { createEvent, type FsEvent } from "./event.ts";
import { createFilter } from "./filter.ts";
import { type FsOptions, fsEvents } from "./options.ts";
import { Settling } from "./settling.ts";

/**
 * - `idle`: not started
 * - `waiting`: the path is not there yet
 * - `watching`
 * - `closed`
 */
type FsState = "idle" | "waiting" | "watching" | "closed";

/** Milliseconds between looks for a path that is not there yet. */
const LOOK = 250;

/** The driver `fs`: a job for each change below a path. */
export class Fs implements Driver {
  readonly #options: FsOptions;
  readonly #context: DriverContext;
  readonly #backlog: Backlog;
  readonly #settling: Settling;
  /** Folders that have just come. */
  readonly #fresh = new Set<string>();
  #state: FsState = "idle";
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #obstacle: string | undefined;
  #stopped: (() => void) | undefined;

  constructor(options: FsOptions, context: DriverContext) {
    this.#options = options;
    this.#context = context;
    this.#backlog = new Backlog(context);
    this.#settling = new Settling(options.settle, this.#tell, context.log);
  }

  /** @throws `COC_FS_PATH` where the path is not there and is not waited for */
  async start(): Promise<void> {
    const { path, wait } = this.#options;
    if (this.#state !== "idle") return;
    const found = await exists(path);
    if (this.#isClosed()) return;
    if (found) return this.#watch(this.#options.initial);
    if (!wait) {
      throw createError("COC_FS_PATH", `there is no ${path} to watch: make it, or set "wait": true to wait for it`);
    }
    this.#state = "waiting";
    this.#context.log.info({ path }, "waiting for the path to watch");
    this.#lookLater();
  }

  pause(): void {
    this.#backlog.hold();
  }

  resume(): void {
    this.#backlog.release();
  }

  async drain(): Promise<void> {
    await this.#stop();
    await this.#settling.drain();
    await this.#backlog.drain();
  }

  async close(): Promise<void> {
    await this.#stop();
    this.#settling.close();
    this.#backlog.close();
  }

  info(): Record<string, unknown> {
    const { waiting, running, dropped } = this.#backlog;
    const watching = this.#state === "watching";
    return { path: this.#options.path, watching, settling: this.#settling.size, waiting, running, dropped };
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  async #stop(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#timer);
    const watcher = this.#watcher;
    this.#watcher = undefined;
    // A watcher that is closed is never ready.
    this.#stopped?.();
    await watcher?.close();
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => void this.#look(), LOOK);
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    const found = await this.#isThere();
    if (this.#state !== "waiting") return;
    // What is in a path that has just come is new.
    if (found) await this.#watch(true);
    else this.#lookLater();
  }

  /** What keeps the path from being watched may be mended while it is waited for; it is logged when it begins. */
  async #isThere(): Promise<boolean> {
    try {
      const found = await exists(this.#options.path);
      this.#obstacle = undefined;
      return found;
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.#obstacle) this.#context.log.warn({ path: this.#options.path, err: error }, message);
      this.#obstacle = message;
      return false;
    }
  }

  async #watch(initial: boolean): Promise<void> {
    const { depth, path } = this.#options;
    const wanted = createFilter(this.#options);
    const watcher = watch(path, {
      alwaysStat: true,
      atomic: false,
      ...(depth !== undefined && { depth }),
      // Without this, changes within 50 ms of one another are not all told. When a file is whole is decided here.
      awaitWriteFinish: { stabilityThreshold: 0, pollInterval: 10 },
    });
    this.#watcher = watcher;
    let open = initial;
    const hear = (event: FsEvent["event"]) => (changed: string, stats?: Stats) => {
      const isRoot = changed === path && (event === "addDir" || event === "unlinkDir");
      if (!open || isRoot || !wanted(changed)) return;
      if (stats !== undefined && (event === "add" || event === "change")) this.#settling.add(event, changed, stats);
      else if (event !== "unlink" || this.#settling.remove(changed)) this.#tell(event, changed, stats);
    };
    for (const event of fsEvents) watcher.on(event, hear(event));
    watcher.on("addDir", (folder: string) => {
      if (open) this.#lookInto(folder);
    });
    watcher.on("error", (error) => this.#context.log.error({ path, err: error }, "a watched path cannot be read"));
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
      watcher.once("ready", () => resolve());
    });
    open = true;
    if (this.#isClosed()) return;
    this.#state = "watching";
    this.#settling.open();
  }

  /**
   * A file that is made right after its folder may come between the watcher's reading of the folder and its watch, and
   * then nobody hears of it. So new folders are looked into once more.
   */
  #lookInto(folder: string): void {
    const { depth, path } = this.#options;
    const level = folder === path ? 0 : relative(path, folder).split(sep).length;
    if (this.#state === "closed" || (depth !== undefined && level > depth)) return;
    this.#fresh.add(folder);
    this.#timer ??= setTimeout(() => void this.#lookAgain(), LOOK);
  }

  async #lookAgain(): Promise<void> {
    this.#timer = undefined;
    const folders = [...this.#fresh];
    this.#fresh.clear();
    const watched = this.#watcher?.getWatched() ?? {};
    for (const folder of folders) {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        this.#context.log.debug({ path: folder, code: error.code }, "a new folder cannot be looked into");
        return [];
      });
      const known = new Set(watched[folder]);
      for (const name of names) if (!known.has(name)) this.#watcher?.add(join(folder, name));
    }
  }

  readonly #tell = (event: FsEvent["event"], path: string, stats: Stats | undefined): void => {
    if (this.#options.events.includes(event)) this.#backlog.add(createEvent(event, path, stats));
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw createError("COC_FS_PATH", `${path} cannot be watched: ${(error as Error).message}`, { cause: error });
  }
}
