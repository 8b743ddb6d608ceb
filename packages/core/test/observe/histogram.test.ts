import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ABSOLUTE_ERROR, BUCKETS, boundOf, indexOf, RELATIVE_ERROR } from "../../src/observe/buckets.ts";
import { distributionSince, mergeDistributions, quantile } from "../../src/observe/distribution.ts";
import { Histogram } from "../../src/observe/histogram.ts";

// Milliseconds of every order of magnitude, from nothing to a month.
const duration = fc.oneof(
  fc.constant(0),
  fc.double({ min: -6, max: 9.4, noNaN: true }).map((exponent) => 10 ** exponent),
);
const durations = fc.array(duration, { minLength: 1, maxLength: 300 });

function histogramOf(milliseconds: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const each of milliseconds) histogram.record(each);
  return histogram;
}

describe("a histogram", () => {
  it("has nothing of nothing", () => {
    expect(new Histogram().read()).toEqual({ count: 0, sum: 0, max: 0, p50: 0, p90: 0, p99: 0, buckets: [] });
  });

  it("gives quantiles within the error that it states", () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const sorted = all.toSorted((a, b) => a - b).map((each) => each / 1000);
        const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
        const given = quantile(histogramOf(all).read(), share);
        const tolerance = Math.max(exact * RELATIVE_ERROR, ABSOLUTE_ERROR) * (1 + 1e-9);
        expect(Math.abs(given - exact)).toBeLessThanOrEqual(tolerance);
      }),
    );
  });

  it("counts each duration below the bound of its bucket, and not below the one before", () => {
    fc.assert(
      fc.property(duration, (milliseconds) => {
        const index = indexOf(milliseconds);
        const below = index === 0 ? 0 : boundOf(index - 1);
        expect(milliseconds).toBeGreaterThanOrEqual(below * 1000 * (1 - 1e-12));
        expect(milliseconds).toBeLessThan(boundOf(index) * 1000 * (1 + 1e-12));
      }),
    );
  });

  it("has bounds that grow, each power of two among them, up to 48 days", () => {
    const bounds = Array.from({ length: BUCKETS }, (_, index) => boundOf(index));
    expect(bounds.toSorted((a, b) => a - b)).toEqual(bounds);
    expect(new Set(bounds).size).toBe(BUCKETS);
    for (let exponent = -20; exponent <= 22; exponent++) expect(bounds).toContain(2 ** exponent);
    expect(bounds.at(-1)).toBe(2 ** 22);
  });

  it("counts what is longer in its last bucket, and knows the longest exactly", () => {
    const { buckets, max } = histogramOf([2 ** 23 * 1000, 5]).read();
    expect(buckets.at(-1)).toEqual([2 ** 22, 1]);
    expect(max).toBe(2 ** 23);
  });

  it("merged with others is the histogram of all their durations", () => {
    fc.assert(
      fc.property(fc.array(durations, { maxLength: 5 }), (parts) => {
        const merged = mergeDistributions(parts.map((part) => histogramOf(part).read()));
        const whole = histogramOf(parts.flat()).read();
        expect({ ...merged, sum: 0 }).toEqual({ ...whole, sum: 0 });
        expect(merged.sum).toBeCloseTo(whole.sum, 3);
      }),
    );
  });

  it("less an earlier reading is the histogram of what came since", () => {
    fc.assert(
      fc.property(durations, durations, (before, since) => {
        const histogram = histogramOf(before);
        const earlier = histogram.read();
        for (const each of since) histogram.record(each);
        const difference = distributionSince(earlier, histogram.read());
        const alone = histogramOf(since).read();
        expect(difference.buckets).toEqual(alone.buckets);
        expect(difference.count).toBe(since.length);
        expect(difference.max).toBeGreaterThanOrEqual(Math.min(alone.max, 2 ** 22));
      }),
    );
  });
});
