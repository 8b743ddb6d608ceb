import { stat } from "node:fs/promises";
import { createError, type DriverContext, messageOf } from "@cocaine/core/plugin";

/** What a root tells. */
export interface RootOwner {
  /**
   * The path is there. @param again - not for the first time, or it was waited for: what is in it is new.
   * @throws what keeps it from being used; it counts as away then.
   */
  came(again: boolean): Promise<void>;
  /** The path is gone, or another one has its name. */
  went(): Promise<void>;
}

/**
 * - `idle`: not started
 * - `away`: looked for
 * - `there`
 * - `closed`
 */
type RootState = "idle" | "away" | "there" | "closed";

/** Milliseconds between looks. */
const LOOK = 250;
/** What identifies any file. */
const FILE = "file";

/** The watched path, which may come later, and go and come again. */
export class Root {
  readonly #path: string;
  readonly #wait: boolean;
  readonly #log: DriverContext["log"];
  readonly #owner: RootOwner;
  #state: RootState = "idle";
  #timer: NodeJS.Timeout | undefined;
  #identity: string | undefined;
  #problem: string | undefined;

  constructor({ path, wait }: { path: string; wait: boolean }, log: DriverContext["log"], owner: RootOwner) {
    this.#path = path;
    this.#wait = wait;
    this.#log = log;
    this.#owner = owner;
  }

  get isThere(): boolean {
    return this.#state === "there";
  }

  /** Why nothing is told, if so. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** @throws `COC_FS_PATH` where the path is not there and is not waited for */
  async start(): Promise<void> {
    if (this.#state !== "idle") return;
    const identity = await identify(this.#path);
    if (this.#isClosed()) return;
    if (identity !== undefined) {
      await this.#owner.came(false);
      this.#isHere(identity);
      return;
    }
    if (!this.#wait) {
      const message = `there is no ${this.#path} to watch: make it, or set "wait": true to wait for it`;
      throw createError("COC_FS_PATH", message);
    }
    this.#state = "away";
    this.#problem = `there is no ${this.#path} yet`;
    this.#log.info({ path: this.#path }, "waiting for the path to watch");
    this.#lookLater();
  }

  close(): void {
    this.#state = "closed";
    clearTimeout(this.#timer);
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #isHere(identity: string): void {
    if (this.#isClosed()) return;
    this.#state = "there";
    this.#identity = identity;
    this.#problem = undefined;
    this.#lookLater();
  }

  #lookLater(): void {
    if (!this.#isClosed()) this.#timer = setTimeout(() => void this.#look(), LOOK);
  }

  async #look(): Promise<void> {
    try {
      const identity = await identify(this.#path);
      if (this.#state === "there" && this.#isOther(identity)) await this.#went();
      if (this.#state === "away" && identity !== undefined) {
        await this.#owner.came(true);
        this.#log.info({ path: this.#path }, "the watched path is there");
        return this.#isHere(identity);
      }
    } catch (error) {
      if (this.#state === "there") await this.#went();
      this.#stands(error);
    }
    this.#lookLater();
  }

  /** A file that is watched itself is replaced by each who writes to it. */
  #isOther(identity: string | undefined): boolean {
    return this.#identity !== FILE && identity !== this.#identity;
  }

  async #went(): Promise<void> {
    this.#state = "away";
    const message = `${this.#path} is gone: nothing is told until it is back`;
    if (this.#wait) this.#log.warn({ path: this.#path }, message);
    else this.#log.error({ path: this.#path }, message);
    this.#problem = message;
    await this.#owner.went();
  }

  /** What stands in the way may be mended while the path is waited for; it is logged when it begins. */
  #stands(error: unknown): void {
    const message = messageOf(error);
    if (message !== this.#problem) this.#log.warn({ path: this.#path, err: error }, message);
    this.#problem = message;
  }
}

/** What tells a path from another one that has its name later; undefined where there is none. */
async function identify(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeNs, mode } = await stat(path, { bigint: true });
    const isFolder = (mode & 0o170000n) === 0o040000n;
    return isFolder ? `${dev}:${ino}:${birthtimeNs}` : FILE;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw createError("COC_FS_PATH", `${path} cannot be watched: ${messageOf(error)}`, { cause: error });
  }
}
