import { setTimeout as sleep } from "node:timers/promises";
import type { CocaineError } from "@cocaine/core/plugin";
import { discoveryFailed } from "./errors.ts";

/**
 * Tells the servers: once by a promise, or anew whenever they change by an iterator. The last list holds when
 * it ends; when it throws it is called again after a while, and the last list holds until then.
 *
 * @param signal - aborted when the client is closed.
 */
export type Discover<T = string> = (signal: AbortSignal) => AsyncIterable<readonly T[]> | Promise<readonly T[]>;

/** Milliseconds before it is called again, the first time and after many. */
const AGAIN = { min: 100, max: 10_000 };

export interface Follower<T> {
  listed(servers: readonly T[]): void;
  warned(error: CocaineError): void;
}

/** Hears of the servers until it is aborted. Never rejects. */
export async function follow<T>(discover: Discover<T>, signal: AbortSignal, follower: Follower<T>): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const source = discover(signal);
      if (!(Symbol.asyncIterator in source)) {
        const servers = await source;
        if (!signal.aborted) follower.listed(servers);
      } else {
        for await (const servers of source) {
          if (signal.aborted) return;
          failures = 0;
          follower.listed(servers);
        }
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      follower.warned(discoveryFailed(error));
    }
    const wait = Math.min(AGAIN.max, AGAIN.min * 2 ** Math.min(failures++, 10));
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}
