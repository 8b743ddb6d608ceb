import type { Driver, DriverContext, JobOutcome } from "@cocaine/core/plugin";
import { messageOf } from "@cocaine/core/plugin";
import { Arrivals } from "./arrivals.ts";
import { type Disposed, moveFile, removeFile } from "./disposal.ts";
import { openSpool } from "./folders.ts";
import { isStill, type Mark, markOf } from "./mark.ts";
import { NOT_NOW } from "./not-now.ts";
import type { FsOptions } from "./options.ts";
import { folderOf, joinKey, keyOfText, type PathKey, rawOf, textOf } from "./raw-path.ts";
import { Root } from "./root.ts";

/**
 * - `open`
 * - `held`: begins no jobs
 * - `draining`: begins no more jobs
 * - `closed`: does nothing more to any file
 */
type SpoolState = "open" | "held" | "draining" | "closed";

/** Files that have a job, wait out a back-off, or cannot be taken away. */
const UNDER_WAY_LIMIT = 1000;
/** Files whose jobs are just being begun: these may find that the queue has become full. */
const BEGINNING_LIMIT = 16;
/** Milliseconds before one more try where the app cannot take jobs, or a file cannot be taken away. */
const [FIRST_BREAK, LONGEST_BREAK] = [100, 5000];
const [FIRST_RETRY, LONGEST_RETRY] = [1000, 60_000];

/** The driver `fs` with `spool`: a job for each file, which is taken away when that has ended. */
export class Spool implements Driver {
  readonly #options: FsOptions;
  readonly #context: DriverContext;
  readonly #root: Root;
  readonly #arrivals: Arrivals;
  readonly #rootKey: PathKey;
  readonly #done: PathKey | undefined;
  readonly #failed: PathKey;
  readonly #underWay = new Set<PathKey>();
  readonly #stuck = new Map<PathKey, () => void>();
  #state: SpoolState = "open";
  #beginning = 0;
  #break = 0;
  #timer: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  constructor(options: FsOptions, context: DriverContext) {
    this.#options = options;
    this.#context = context;
    this.#rootKey = keyOfText(options.path);
    this.#done = options.done === undefined ? undefined : keyOfText(options.done);
    this.#failed = keyOfText(options.failed);
    const owner = { isUnderWay: (key: PathKey) => this.#underWay.has(key), ready: () => this.#next() };
    this.#arrivals = new Arrivals(options, owner, context.log);
    this.#root = new Root(options, context.log, {
      came: async () => {
        const aside = await openSpool(options);
        if (!this.#isOver()) this.#arrivals.open(aside);
      },
      went: async () => this.#arrivals.close(),
    });
  }

  /** @throws `COC_FS_PATH` where the path or a folder beside it cannot be used */
  start(): Promise<void> {
    return this.#root.start();
  }

  pause(): void {
    if (this.#state === "open") this.#state = "held";
  }

  resume(): void {
    if (this.#state === "held") this.#state = "open";
    this.#next();
  }

  async drain(): Promise<void> {
    this.#end("draining");
    if (this.#underWay.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    await this.close();
  }

  async close(): Promise<void> {
    this.#end("closed");
    this.#drained?.();
  }

  info(): Record<string, unknown> {
    const problem = this.#root.problem;
    return {
      path: this.#options.path,
      watching: this.#root.isThere,
      ...(problem !== undefined && { problem }),
      settling: this.#arrivals.settling,
      waiting: this.#arrivals.ready,
      running: this.#underWay.size - this.#stuck.size,
      stuck: this.#stuck.size,
    };
  }

  #end(state: "draining" | "closed"): void {
    this.#state = state;
    this.#root.close();
    this.#arrivals.close();
    clearTimeout(this.#timer);
    for (const give of this.#stuck.values()) give();
  }

  #isOver(): boolean {
    return this.#state === "draining" || this.#state === "closed";
  }

  #mayBegin(): boolean {
    if (this.#state !== "open" || this.#timer !== undefined || this.#beginning >= BEGINNING_LIMIT) return false;
    // Where the app could take none, one tries for all.
    return this.#underWay.size < (this.#break > 0 ? 1 + this.#stuck.size : UNDER_WAY_LIMIT);
  }

  #next(): void {
    while (this.#mayBegin()) {
      const next = this.#arrivals.take();
      if (next === undefined) return;
      const [key, mark] = next;
      this.#underWay.add(key);
      void this.#run(key, mark).finally(() => {
        this.#underWay.delete(key);
        if (this.#underWay.size === 0) this.#drained?.();
        this.#next();
      });
    }
  }

  async #run(key: PathKey, mark: Mark): Promise<void> {
    this.#beginning++;
    const still = await markOf(key).catch(() => undefined);
    this.#beginning--;
    if (this.#state !== "open" || !isStill(mark, still)) return this.#arrivals.ring();
    const ending = this.#context.publish({ chunk: rawOf(key), metadata: { fs: this.#eventOf(key, mark) } });
    this.#next();
    const outcome = await ending;
    if (outcome.status === "failed" && NOT_NOW.has(outcome.error.code)) return this.#rest();
    this.#break = 0;
    await this.#takeAway(key, mark, outcome);
  }

  #eventOf(key: PathKey, { size, written }: Mark): Record<string, unknown> {
    const mtimeMs = Number(written) / 1e6;
    return { event: "add", path: textOf(key), type: "file", size: Number(size), mtimeMs };
  }

  /** The app can take no job: the file stays, and is told again. */
  #rest(): void {
    this.#arrivals.ring();
    if (this.#isOver() || this.#timer !== undefined) return;
    this.#break = Math.min(LONGEST_BREAK, this.#break * 2 || FIRST_BREAK);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    }, this.#break);
  }

  /** Until it succeeds: a file whose job has ended is not told again while this driver lives. */
  async #takeAway(key: PathKey, mark: Mark, outcome: JobOutcome): Promise<void> {
    const path = textOf(key);
    for (let delay = FIRST_RETRY; this.#state !== "closed"; delay = Math.min(LONGEST_RETRY, delay * 2)) {
      try {
        const disposed = await this.#dispose(key, mark, outcome);
        if (disposed === "changed") this.#arrivals.ring();
        if (outcome.status === "failed") this.#tellFailure(path, outcome.error, disposed);
        return;
      } catch (error) {
        if (delay === FIRST_RETRY) this.#context.log.error({ path, err: error }, stuck(error));
      }
      if (this.#isOver()) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delay);
        this.#stuck.set(key, () => {
          clearTimeout(timer);
          resolve();
        });
      });
      this.#stuck.delete(key);
    }
  }

  #dispose(key: PathKey, mark: Mark, { status }: JobOutcome): Promise<Disposed> {
    const folder = status === "ok" ? this.#done : this.#failed;
    if (folder === undefined) return removeFile(key, mark);
    const below = folderOf(key).slice(this.#rootKey.length + 1);
    return moveFile(key, mark, below === "" ? folder : joinKey(folder, below));
  }

  #tellFailure(path: string, { code, message }: { code: string; message: string }, disposed: Disposed): void {
    const what = disposed === "done" ? `is in ${this.#options.failed}` : "has changed and is told again";
    this.#context.log.warn({ path, code }, `the job of a file failed, which ${what}: ${message}`);
  }
}

const stuck = (error: unknown): string =>
  `a file cannot be taken out of the spool, and is not told again while the task runs: ${messageOf(error)}`;
