import type { Stats } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Driver, DriverContext } from "@cocaine/core/plugin";
import { type FSWatcher, watch } from "chokidar";
import { Backlog } from "./backlog.ts";
import { createEvent, type FsEvent } from "./event.ts";
import { createFilter } from "./filter.ts";
import { checkReadable } from "./folders.ts";
import { type FsOptions, fsEvents } from "./options.ts";
import { Root } from "./root.ts";
import { Settling } from "./settling.ts";

/** Milliseconds before a new folder is looked into once more. */
const LOOK = 250;

/** The driver `fs`: a job for each change below a path. */
export class Fs implements Driver {
  readonly #options: FsOptions;
  readonly #context: DriverContext;
  readonly #backlog: Backlog;
  readonly #settling: Settling;
  /** Folders that have just come. */
  readonly #fresh = new Set<string>();
  readonly #root: Root;
  #closed = false;
  #garbled = false;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped: (() => void) | undefined;

  constructor(options: FsOptions, context: DriverContext) {
    this.#options = options;
    this.#context = context;
    this.#backlog = new Backlog(context);
    this.#settling = new Settling(options.settle, this.#tell, context.log);
    this.#root = new Root(options, context.log, {
      came: (again) => this.#watch(again || options.initial),
      went: async () => {
        await this.#unwatch();
        this.#settling.forget();
      },
    });
  }

  /** @throws `COC_FS_PATH` where the path is not there and is not waited for */
  start(): Promise<void> {
    return this.#root.start();
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
    const { isThere: watching, problem } = this.#root;
    const { path } = this.#options;
    const { size: settling } = this.#settling;
    return { path, watching, ...(problem !== undefined && { problem }), settling, waiting, running, dropped };
  }

  async #stop(): Promise<void> {
    this.#closed = true;
    this.#root.close();
    await this.#unwatch();
  }

  async #unwatch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const watcher = this.#watcher;
    this.#watcher = undefined;
    // A watcher that is closed is never ready.
    this.#stopped?.();
    await watcher?.close();
  }

  async #watch(initial: boolean): Promise<void> {
    if (this.#closed) return;
    const { depth, path } = this.#options;
    const wanted = createFilter(this.#options);
    await checkReadable(path);
    const real = await realpath(path);
    const watcher = watch(real, {
      // A link to a folder that holds it would be followed as deep as the system allows.
      followSymlinks: false,
      alwaysStat: true,
      atomic: false,
      ...(depth !== undefined && { depth }),
      // Without this, changes within 50 ms of one another are not all told. When a file is whole is decided here.
      awaitWriteFinish: { stabilityThreshold: 0, pollInterval: 10 },
    });
    this.#watcher = watcher;
    let open = initial;
    const hear = (event: FsEvent["event"]) => (told: string, stats?: Stats) => {
      const changed = join(path, relative(real, told));
      const isRoot = changed === path && (event === "addDir" || event === "unlinkDir");
      if (!open || isRoot || !wanted(changed)) return;
      if (stats !== undefined && (event === "add" || event === "change")) this.#settling.add(event, changed, stats);
      else if (event === "unlink") this.#settling.remove(changed);
      else this.#tell(event, changed, stats);
    };
    for (const event of fsEvents) watcher.on(event, hear(event));
    watcher.on("addDir", (folder: string) => {
      if (open) this.#lookInto(folder, folder === real ? 0 : relative(real, folder).split(sep).length);
    });
    watcher.on("raw", (_, name) => this.#checkName(name));
    watcher.on("error", (error) => this.#context.log.error({ path, err: error }, "a watched path cannot be read"));
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
      watcher.once("ready", () => resolve());
    });
    open = true;
    if (!this.#closed) this.#settling.open();
  }

  /** Names are strings here, and those that are not UTF-8 are lost on the way. Said once. */
  #checkName(name: string | null): void {
    if (this.#garbled || !name?.includes("\ufffd")) return;
    this.#garbled = true;
    const message = `a name that is not UTF-8 is not told (${name}): rename it, or use a spool, which takes any name`;
    this.#context.log.warn({ path: this.#options.path, name }, message);
  }

  /**
   * A file that is made right after its folder may come between the watcher's reading of the folder and its watch, and
   * then nobody hears of it. So new folders are looked into once more.
   */
  #lookInto(folder: string, level: number): void {
    const { depth } = this.#options;
    if (this.#closed || (depth !== undefined && level > depth)) return;
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
