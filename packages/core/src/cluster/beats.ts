import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Storage } from "../contracts/storage.ts";
import { isCocaineError, messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";

const COLLECTION = "beats";
/** What is stored; what something else has written there is of no node. */
const beat = z.object({ node: z.string() });
/** Beats in the time that a lease lasts. */
const RATE = 3;
/** Part of the time that a lease lasts for which a beat is good. */
const GOOD = 2 / 3;
/** Silence, in times that a lease lasts, after which what a process left behind is removed. */
const FORGOTTEN = 240;

export interface BeatsOptions {
  readonly storage: Storage;
  readonly log: Logger;
  /** Id of the node. */
  readonly node: string;
  /** Milliseconds that a lease lasts. */
  readonly ttl: number;
}

/** Told by the beats. */
export interface BeatsOwner {
  /** A beat was written, and those of the others were looked at. */
  beaten(): void;
  /** No beat was written in time: what this process holds may be taken over soon. */
  lapsed(): void;
  /** A process was silent for so long that nothing of it is needed any more. @throws `COC_STORAGE_…`: told again later */
  forgotten(process: string): Promise<void>;
}

/**
 * Signs of life: each process renews a document of its own, and looks at those of the others. Only durations by the own
 * monotonic clock are compared, never the clocks of two machines.
 */
export interface Beats {
  /** Names this process, among all that ever were. */
  readonly self: string;
  /** By `performance.now()`: until then nobody takes over what this process holds. */
  readonly until: number;
  /** Writes the first beat. @throws `COC_STORAGE_…` */
  start(owner: BeatsOwner): Promise<void>;
  /** Milliseconds for which this process has itself seen no beat of that one, as of its last look; 0 at first sight. */
  silence(process: string): number;
  /** Beats no more; the document is left to the others. */
  stop(): void;
  /** Beats no more, and removes the document. @throws `COC_STORAGE_…` */
  close(): Promise<void>;
}

/** What was seen of a process; times are of `performance.now()`. */
interface Seen {
  readonly revision: string | undefined;
  /** When the first look that saw this revision had ended. */
  readonly since: number;
  /** When the last look that saw it began. */
  looked: number;
}

export function createBeats({ storage, log, node, ttl }: BeatsOptions): Beats {
  const self = randomBytes(9).toString("base64url");
  const seen = new Map<string, Seen>();
  const ended = new AbortController();
  let until = 0;
  let count = 0;
  let away = false;
  let lapse: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  async function write(owner: BeatsOwner): Promise<void> {
    const began = performance.now();
    await storage.put(COLLECTION, self, { node, count: ++count });
    if (ended.signal.aborted) return;
    // Too late: others may have taken over meanwhile, and what was held has to be asked for anew.
    if (until > 0 && performance.now() >= until) owner.lapsed();
    // From its beginning: it may have been seen by others from then on.
    until = began + ttl * GOOD;
    clearTimeout(lapse);
    lapse = setTimeout(() => owner.lapsed(), Math.max(0, until - performance.now()));
  }

  async function look(owner: BeatsOwner): Promise<void> {
    const began = performance.now();
    const there = new Set<string>();
    const found: [key: string, node: string | undefined, revision: string][] = [];
    for await (const { key, value, revision } of storage.list(COLLECTION)) {
      there.add(key);
      found.push([key, beat.safeParse(value).data?.node, revision]);
    }
    for (const [key, , revision] of found) see(key, revision, began);
    for (const key of seen.keys()) if (!there.has(key)) see(key, undefined, began);
    for (const [key, other, revision] of found) {
      if (key === self) continue;
      if (silence(key) >= ttl * FORGOTTEN) await forget(owner, key, revision);
      else if (other === node && silence(key) < ttl && (seen.get(key)?.since ?? 0) > startedAt + ttl) warnTwin();
    }
  }

  function see(key: string, revision: string | undefined, began: number): void {
    const known = seen.get(key);
    if (known?.revision === revision && known !== undefined) known.looked = began;
    else seen.set(key, { revision, since: performance.now(), looked: began });
  }

  function silence(process: string): number {
    const known = seen.get(process);
    if (known !== undefined) return Math.max(0, known.looked - known.since);
    // One without a document: from now on it is looked for.
    const now = performance.now();
    seen.set(process, { revision: undefined, since: now, looked: now });
    return 0;
  }

  async function forget(owner: BeatsOwner, key: string, revision: string): Promise<void> {
    // First, so that what it left is never without a beat by which it is found.
    await owner.forgotten(key);
    try {
      await storage.delete(COLLECTION, key, { ifRevision: revision });
    } catch (error) {
      // Another node did so at the same moment, or it is back after all.
      if (isCocaineError(error) && error.code === "COC_STORAGE_CONFLICT") return;
      throw error;
    }
    seen.delete(key);
  }

  let startedAt = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;
  function warnTwin(): void {
    if (performance.now() < warnedAt + 60_000) return;
    warnedAt = performance.now();
    log.error(
      { node, code: "COC_NODE_ID" },
      `another node of this storage has the id "${node}" too, and each keeps what is the other's: give each an id of its own`,
    );
  }

  async function renew(owner: BeatsOwner): Promise<void> {
    try {
      await write(owner);
      await look(owner);
      if (away) log.info({}, "the storage is there again");
      away = false;
      if (!ended.signal.aborted) owner.beaten();
    } catch (error) {
      if (!away) log.error({ err: error }, `the storage is away, apps go on as they are: ${messageOf(error)}`);
      away = true;
    }
  }

  /** The next beat; sooner where the one before failed. */
  function plan(owner: BeatsOwner): void {
    if (ended.signal.aborted) return;
    timer = setTimeout(
      () => {
        running = renew(owner).finally(() => plan(owner));
      },
      ttl / RATE / (away ? 5 : 1),
    );
  }

  function stop(): void {
    ended.abort();
    clearTimeout(timer);
    clearTimeout(lapse);
    until = 0;
  }

  return {
    self,
    get until() {
      return until;
    },
    async start(owner) {
      startedAt = performance.now();
      await write(owner);
      await look(owner);
      plan(owner);
    },
    silence,
    stop,
    async close() {
      stop();
      await running;
      await storage.delete(COLLECTION, self);
    },
  };
}
