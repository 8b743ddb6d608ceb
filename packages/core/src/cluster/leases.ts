import { createCountdown } from "../engine/countdown.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";
import type { Beats } from "./beats.ts";
import type { LeaseBook } from "./lease-book.ts";

/** Leases that are asked for at once. */
const AT_ONCE = 16;
/** Milliseconds, at the most, before a lease that was given back is asked for: not by all nodes at the same moment. */
const SPREAD = 200;
/** Milliseconds that giving back a lease may take; then it ends by itself. */
const PATIENCE = 2000;

/** The right to drive a task, while it is held. */
export interface Lease {
  /** Grows with each take-over: of two that say they hold it, the one with the greater term does. */
  readonly term: number;
  /** Whether it is held at this moment: nobody else drives the task. */
  holds(): boolean;
}

/** What one that claims a lease is told. */
export interface Claimant {
  gained(lease: Lease): void;
  /** It is not held any more, and may be gained again. */
  lost(): void;
}

/** A standing wish for a lease. */
export interface Claim {
  /** Resolves when it is known whether the lease was free. */
  readonly asked: Promise<void>;
  /** Gives the lease back so that another node may have it, and does not ask for so many milliseconds. */
  decline(milliseconds: number): void;
  /** Gives the lease back for good. */
  release(): Promise<void>;
  /** Who has it, by the id of its node, and its term. */
  info(): { readonly held: boolean; readonly node: string | undefined; readonly term: number };
}

/** Leases of the tasks that run once in the cluster. */
export interface Leases {
  /** @param key - of the task: `<app>/<task>` */
  claim(key: string, claimant: Claimant): Claim;
  /** Looks at all that is wanted: after each beat. */
  review(): void;
  /** What is held is lost. */
  lapse(): void;
}

/**
 * - `waiting`: another has it, or it may not be asked for yet
 * - `queued`: it is about to be asked for
 * - `asking`: it is being asked for
 * - `held`
 * - `released`: not wanted any more
 */
type State = "waiting" | "queued" | "asking" | "held" | "released";

interface Wish {
  readonly key: string;
  readonly claimant: Claimant;
  state: State;
  /** Under which it was held last. */
  term: number;
  /** By `performance.now()`: not asked for before. */
  notBefore: number;
  answered(): void;
}

export interface LeasesOptions {
  readonly beats: Beats;
  readonly book: LeaseBook;
  /** Id of the node. */
  readonly node: string;
  /** Milliseconds that a lease lasts. */
  readonly ttl: number;
  readonly log: Logger;
}

export function createLeases({ beats, book, node, ttl, log }: LeasesOptions): Leases & { changed(key: string): void } {
  const wishes = new Map<string, Wish>();
  const queue: Wish[] = [];
  let asking = 0;
  /** How often all that was held was lost. */
  let lapses = 0;

  /** Whether nobody has it: it was given back, or its holder was silent for as long as it lasts. */
  function isFree(key: string): boolean {
    const { holder } = book.of(key);
    return holder === null || holder === beats.self || beats.silence(holder) >= ttl;
  }

  function consider(wish: Wish): void {
    if (wish.state !== "waiting" || performance.now() < wish.notBefore) return;
    if (!isFree(wish.key)) return wish.answered();
    wish.state = "queued";
    // Anywhere: nodes that ask for the same leases at once do so in different orders, and share them.
    queue.splice(Math.floor(Math.random() * (queue.length + 1)), 0, wish);
    askNext();
  }

  function askNext(): void {
    while (asking < AT_ONCE) {
      const wish = queue.pop();
      if (wish === undefined) return;
      if (wish.state !== "queued") continue;
      if (!isFree(wish.key)) {
        wish.state = "waiting";
        wish.answered();
        continue;
      }
      asking++;
      void ask(wish).finally(() => {
        asking--;
        wish.answered();
        askNext();
      });
    }
  }

  async function ask(wish: Wish): Promise<void> {
    const { key } = wish;
    wish.state = "asking";
    const term = book.of(key).term + 1;
    const before = lapses;
    let written = false;
    try {
      written = await book.write(key, { holder: beats.self, node, term });
    } catch (error) {
      // It may have been written all the same: then it says that this process has it, and is asked for again.
      log.debug({ lease: key, err: error }, `a lease could not be asked for: ${messageOf(error)}`);
    }
    if ((wish.state as State) === "released") return written ? giveBack(key, term) : undefined;
    wish.state = "waiting";
    // An answer may come so late that others saw no sign of life meanwhile, and took the lease over.
    if (!written || lapses !== before || performance.now() >= beats.until) return;
    wish.state = "held";
    wish.term = term;
    const holds = () => wish.state === "held" && wish.term === term && performance.now() < beats.until;
    wish.claimant.gained({ term, holds });
  }

  function lose(wish: Wish): void {
    if (wish.state !== "held") return;
    wish.state = "waiting";
    wish.claimant.lost();
  }

  async function giveBack(key: string, term: number): Promise<void> {
    try {
      if (book.of(key).term === term) await book.write(key, { holder: null, node, term });
    } catch (error) {
      log.debug({ lease: key, err: error }, `a lease could not be given back, and ends by itself: ${messageOf(error)}`);
    }
  }

  return {
    claim(key, claimant) {
      let answered: () => void = () => undefined;
      const asked = new Promise<void>((resolve) => {
        answered = resolve;
      });
      const wish: Wish = { key, claimant, state: "waiting", term: 0, notBefore: 0, answered };
      wishes.set(key, wish);
      consider(wish);
      return {
        asked,
        decline(milliseconds) {
          wish.notBefore = performance.now() + milliseconds;
          if (wish.state !== "held") return;
          wish.state = "waiting";
          void giveBack(key, wish.term);
        },
        async release() {
          const held = wish.state === "held";
          wish.state = "released";
          wish.answered();
          if (wishes.get(key) === wish) wishes.delete(key);
          if (!held) return;
          const countdown = createCountdown();
          countdown.shorten(PATIENCE);
          await Promise.race([giveBack(key, wish.term), countdown.up]);
          countdown.stop();
        },
        info() {
          const { holder, node: of, term } = book.of(key);
          return { held: wish.state === "held", node: holder === null ? undefined : of, term };
        },
      };
    },
    changed(key) {
      const wish = wishes.get(key);
      if (wish?.state === "held" && book.of(key).holder !== beats.self) return lose(wish);
      if (wish?.state === "waiting" && isFree(key)) setTimeout(() => consider(wish), Math.random() * SPREAD).unref();
    },
    review() {
      for (const wish of wishes.values()) consider(wish);
      for (const [key, { holder, term }] of book.entries()) {
        // Nobody here wants it: a release that did not come through.
        if (holder === beats.self && !wishes.has(key)) void giveBack(key, term);
      }
    },
    lapse() {
      lapses++;
      for (const wish of wishes.values()) lose(wish);
    },
  };
}
