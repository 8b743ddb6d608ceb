import type { EnginePolicy } from "./policy.ts";
import type { Queue } from "./queue.ts";

/** What the growth of a pool depends on. */
export interface GrowthState {
  readonly queue: Queue;
  readonly policy: EnginePolicy;
  /** Workers that live, without those that are stopping. */
  readonly size: number;
  readonly starting: number;
  /** When the last worker was started, in monotonic milliseconds. */
  readonly lastSpawn: number;
}

/**
 * When one more worker is due by what waits now, in monotonic milliseconds; `undefined`: none is. A pool grows by
 * waiting time, not by burst: what one worker clears within `spawn-delay` starts nothing, long jobs soon have a worker
 * each.
 */
export function growthDue({ queue, policy, size, starting, lastSpawn }: GrowthState): number | undefined {
  const since = queue.waitingSince;
  if (since === undefined || queue.length <= policy.spawnThreshold) return undefined;
  if (starting >= queue.length || size >= policy.poolLimit) return undefined;
  return Math.max(since, lastSpawn) + policy.spawnDelay;
}
