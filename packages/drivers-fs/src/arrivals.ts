import { type DriverContext, messageOf } from "@cocaine/core/plugin";
import { Bells } from "./bells.ts";
import { pathBefore, putBack } from "./disposal.ts";
import { createFilter } from "./filter.ts";
import { FirstKeys } from "./first-keys.ts";
import { isStill, type Mark, markOf } from "./mark.ts";
import type { FsOptions } from "./options.ts";
import { keyOfText, type PathKey, textOf } from "./raw-path.ts";
import { walk } from "./walk.ts";

/** Files that are known beside those under way; of more, the folder is the memory. */
const KNOWN_LIMIT = 1000;
/** Milliseconds between looks when nothing rings. */
const LULL = 3000;
/** Milliseconds between looks at the least; and so many times as long as the last look took, if it found nothing. */
const PAUSE = 25;
const SHARE = 8;
/** Files that are looked at at once. */
const LOOKS = 32;

/** What arrivals ask and tell. */
export interface ArrivalsOwner {
  /** The file has a job, or waits to be taken away. */
  isUnderWay(key: PathKey): boolean;
  /** There are files to take. */
  ready(): void;
}

/**
 * The files of a spool that are whole and have no job yet, in the order of their paths. They are found by walking
 * through the folder, which nothing can be missing from; what the system tells of changes is only a reason to walk.
 */
export class Arrivals {
  readonly #root: PathKey;
  readonly #settle: number;
  readonly #depth: number;
  readonly #wanted: (path: string) => boolean;
  readonly #owner: ArrivalsOwner;
  readonly #log: DriverContext["log"];
  readonly #bells: Bells;
  readonly #ready = new Map<PathKey, Mark>();
  readonly #complaints = new Set<PathKey>();
  /** What files were that are not whole yet. */
  #unsettled = new Map<PathKey, Mark>();
  /** Folders that are not gone into. */
  #aside: ReadonlySet<PathKey> = new Set();
  #open = false;
  #walking = false;
  #rung = false;
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;
  /** No walk before: walking in vain does not take more than a share of the time. */
  #earliest = 0;

  constructor(options: FsOptions, owner: ArrivalsOwner, log: DriverContext["log"]) {
    this.#root = keyOfText(options.path);
    this.#settle = options.settle;
    this.#depth = options.depth ?? Number.POSITIVE_INFINITY;
    this.#wanted = createFilter(options);
    this.#owner = owner;
    this.#log = log;
    this.#bells = new Bells(() => this.ring(), log);
  }

  /** Files that are ready, as far as they are known: there may be more in the folder. */
  get ready(): number {
    return this.#ready.size;
  }
  get settling(): number {
    return this.#unsettled.size;
  }

  /** @param aside - folders in the spool that are none of it. */
  open(aside: ReadonlySet<PathKey>): void {
    this.#aside = aside;
    this.#open = true;
    this.ring();
  }

  close(): void {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
    this.#bells.close();
    this.#ready.clear();
    this.#unsettled.clear();
  }

  /** The next file, taken out. */
  take(): readonly [PathKey, Mark] | undefined {
    const [first] = this.#ready;
    if (first !== undefined) this.#ready.delete(first[0]);
    // There may be more of them than were remembered.
    if (this.#rung && this.#hasRoom()) this.ring();
    return first;
  }

  /** Something has happened in the folder. */
  ring(): void {
    this.#rung = true;
    if (this.#hasRoom()) this.#walkIn(PAUSE);
  }

  #hasRoom(): boolean {
    return this.#ready.size < KNOWN_LIMIT / 2;
  }

  #walkIn(milliseconds: number): void {
    if (!this.#open || this.#walking) return;
    const due = Math.max(performance.now() + milliseconds, this.#earliest);
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.#walk(), due - performance.now());
  }

  async #walk(): Promise<void> {
    this.#walking = true;
    this.#rung = false;
    this.#due = Number.POSITIVE_INFINITY;
    const begin = performance.now();
    const found = await this.#find();
    if (this.#open) await this.#look(found.sorted());
    const end = performance.now();
    this.#earliest = this.#ready.size > 0 ? 0 : end + SHARE * Math.min(end - begin, LULL);
    this.#walking = false;
    this.#rung ||= found.more;
    if (this.#ready.size > 0) this.#owner.ready();
    if (this.#unsettled.size > 0) this.#walkIn(Math.max(this.#settle, PAUSE));
    if (this.#rung && this.#hasRoom()) this.#walkIn(PAUSE);
    this.#walkIn(LULL);
  }

  async #find(): Promise<FirstKeys> {
    const found = new FirstKeys(KNOWN_LIMIT);
    const folders = new Set<PathKey>();
    // Files that were being removed when that was ended.
    const left: PathKey[] = [];
    await walk(this.#root, {
      folder: (key, level) => {
        const wanted = this.#open && level <= this.#depth && !this.#aside.has(key);
        if (wanted) folders.add(key);
        // Before it is read: nothing comes between.
        if (wanted) this.#bells.add(key);
        return wanted;
      },
      file: (key) => {
        const before = pathBefore(key);
        if (!this.#open || !this.#isNew(key) || !this.#wanted(textOf(before))) return;
        if (before === key) found.add(key);
        else if (!this.#owner.isUnderWay(before)) left.push(key);
      },
      failed: (key, error) => this.#complain(key, error, "a folder of a spool cannot be read"),
    });
    if (this.#open) this.#bells.keep(folders);
    for (const key of left) found.add(await this.#putBack(key));
    return found;
  }

  #isNew(key: PathKey): boolean {
    return !this.#ready.has(key) && !this.#owner.isUnderWay(key);
  }

  async #putBack(key: PathKey): Promise<PathKey> {
    try {
      return await putBack(key);
    } catch (error) {
      this.#complain(key, error, "a file of a spool cannot be given its name back");
      return key;
    }
  }

  async #look(keys: readonly PathKey[]): Promise<void> {
    const before = this.#unsettled;
    const unsettled = new Map<PathKey, Mark>();
    for (let from = 0; from < keys.length && this.#open; from += LOOKS) {
      const some = keys.slice(from, from + LOOKS);
      const marks = await Promise.all(some.map((key) => this.#markOf(key)));
      for (const [index, key] of some.entries()) {
        const mark = marks[index];
        if (mark === undefined || this.#owner.isUnderWay(key)) continue;
        if (this.#settle === 0 || isStill(mark, before.get(key))) this.#ready.set(key, mark);
        else unsettled.set(key, mark);
      }
    }
    if (this.#open) this.#unsettled = unsettled;
    else this.#ready.clear();
  }

  async #markOf(key: PathKey): Promise<Mark | undefined> {
    try {
      return await markOf(key);
    } catch (error) {
      this.#complain(key, error, "a file of a spool cannot be looked at");
      return undefined;
    }
  }

  /** Once for each path, as long as there are not too many. */
  #complain(key: PathKey, error: unknown, what: string): void {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || this.#complaints.has(key)) return;
    if (this.#complaints.size >= KNOWN_LIMIT) return;
    this.#complaints.add(key);
    this.#log.warn({ path: textOf(key), err: error }, `${what}: ${messageOf(error)}`);
  }
}
