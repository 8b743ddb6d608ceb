import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { createError, type Driver, type DriverContext } from "@cocaine/core/plugin";
import { type FSWatcher, watch } from "chokidar";
import { Backlog } from "./backlog.ts";
import { createEvent } from "./event.ts";
import { createFilter } from "./filter.ts";
import type { FsOptions } from "./options.ts";

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
  #state: FsState = "idle";
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FsOptions, context: DriverContext) {
    this.#options = options;
    this.#context = context;
    this.#backlog = new Backlog(context);
  }

  /** @throws `COC_FS_PATH` where the path is not there and is not waited for */
  async start(): Promise<void> {
    const { path, wait } = this.#options;
    const found = await exists(path);
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
    await this.#backlog.close();
  }

  async close(): Promise<void> {
    await this.#stop();
    void this.#backlog.close();
  }

  info(): Record<string, unknown> {
    const { waiting, running, dropped } = this.#backlog;
    return { path: this.#options.path, watching: this.#state === "watching", waiting, running, dropped };
  }

  async #stop(): Promise<void> {
    this.#state = "closed";
    clearTimeout(this.#timer);
    const watcher = this.#watcher;
    this.#watcher = undefined;
    await watcher?.close();
  }

  #lookLater(): void {
    this.#timer = setTimeout(async () => {
      const found = await exists(this.#options.path);
      if (this.#state !== "waiting") return;
      // What is in a path that has just come is new.
      if (found) await this.#watch(true);
      else this.#lookLater();
    }, LOOK);
  }

  async #watch(initial: boolean): Promise<void> {
    const { depth, events, path, settle } = this.#options;
    const wanted = createFilter(this.#options);
    const watcher = watch(path, {
      alwaysStat: true,
      atomic: false,
      ...(depth !== undefined && { depth }),
      awaitWriteFinish: settle > 0 && {
        stabilityThreshold: settle,
        pollInterval: Math.max(10, Math.min(100, settle / 2)),
      },
    });
    this.#watcher = watcher;
    let told = initial;
    for (const event of events) {
      watcher.on(event, (changed: string, stats?: Stats) => {
        if (told && (changed !== path || event === "change") && wanted(changed)) {
          this.#backlog.add(createEvent(event, changed, stats));
        }
      });
    }
    watcher.on("addDir", (folder: string) => this.#lookInto(folder));
    watcher.on("error", (error) => this.#context.log.error({ path, err: error }, "a watched path cannot be read"));
    await new Promise<void>((resolve) => watcher.once("ready", () => resolve()));
    told = true;
    if (this.#state !== "closed") this.#state = "watching";
  }

  /**
   * A file that is made right after its folder may come between the watcher's reading of the folder and its watch, and
   * then nobody hears of it. So new folders are looked into once more.
   */
  #lookInto(folder: string): void {
    const { depth, path } = this.#options;
    const level = relative(path, folder).split(sep).length;
    if (this.#state !== "watching" || (depth !== undefined && level > depth)) return;
    setTimeout(async () => {
      const watcher = this.#watcher;
      if (watcher === undefined) return;
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        this.#context.log.debug({ path: folder, code: error.code }, "a new folder is gone already");
        return [];
      });
      const known = new Set(watcher.getWatched()[folder]);
      for (const name of names) if (!known.has(name)) watcher.add(join(folder, name));
    }, LOOK);
  }
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
