import { middleOf } from "./buckets.ts";

/** The bound that a bucket's durations are below, in seconds; and how many they are. */
export type Bucket = readonly [bound: number, count: number];

/**
 * How long something took, over many times: what a histogram of OpenMetrics or OpenTelemetry needs, and the quantiles
 * that a person asks for. All in seconds.
 */
export interface Distribution {
  readonly count: number;
  readonly sum: number;
  /** The longest, exactly; 0 for none. */
  readonly max: number;
  /** Quantiles, at most 6.25 % or 0.5 µs off, whichever is more. 0 for none. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /**
   * The buckets that are not empty, by their bounds. Counts are of one bucket each, not of all below it. The bounds
   * are always of the same grid: eight equal parts of each octave of seconds (2^n s to 2^(n+1) s) from 2^-17 s up,
   * parts of 2^-20 s below, the last ends at 2^22 s and has all that took longer too.
   */
  readonly buckets: readonly Bucket[];
}

/** Makes a distribution of buckets that are in order. */
export function distributionOf(buckets: readonly Bucket[], sum: number, max: number): Distribution {
  const count = buckets.reduce((all, [, each]) => all + each, 0);
  const at = (share: number) => quantile({ count, max, buckets }, share);
  return { count, sum, max, p50: at(0.5), p90: at(0.9), p99: at(0.99), buckets };
}

/** How long at most the `share` (0 to 1) that took the shortest did, in seconds; as exact as `p50` is. */
export function quantile(of: Pick<Distribution, "count" | "max" | "buckets">, share: number): number {
  const rank = Math.max(1, Math.ceil(share * of.count));
  let seen = 0;
  for (const [bound, count] of of.buckets) {
    seen += count;
    if (seen >= rank) return Math.min(middleOf(bound), of.max);
  }
  return of.max;
}

/** All of these as one: of several tasks, or of an app on several nodes. */
export function mergeDistributions(all: readonly Distribution[]): Distribution {
  const counts = new Map<number, number>();
  for (const { buckets } of all) {
    for (const [bound, count] of buckets) counts.set(bound, (counts.get(bound) ?? 0) + count);
  }
  const buckets = [...counts].sort(([a], [b]) => a - b);
  const sum = all.reduce((total, each) => total + each.sum, 0);
  return distributionOf(buckets, sum, Math.max(0, ...all.map(({ max }) => max)));
}

/**
 * What came between two readings of the same distribution. Its `max` is the end of the last bucket that grew, or the
 * longest of all time where that is less.
 */
export function distributionSince(earlier: Distribution, later: Distribution): Distribution {
  const before = new Map(earlier.buckets);
  const buckets = later.buckets
    .map(([bound, count]): Bucket => [bound, count - (before.get(bound) ?? 0)])
    .filter(([, count]) => count > 0);
  const max = Math.min(buckets.at(-1)?.[0] ?? 0, later.max);
  return distributionOf(buckets, later.sum - earlier.sum, max);
}
