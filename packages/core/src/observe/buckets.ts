/**
 * The one grid of buckets that durations are sorted into. Every octave from 2^-17 s (8 µs) up is divided into eight
 * equal parts, so that the middle of a bucket is at most 1/16 (6.25 %) from any duration in it. Below, each bucket is
 * 2^-20 s (1 µs) wide and its middle at most 0.5 µs off. The bounds are the same for ever and everywhere, the powers
 * of two among them: readers can add buckets of several nodes up, and join the eight of an octave to coarser ones.
 */

// The layout is that of HDR Histogram (G. Tene): the place of the leading bit, and the three bits behind it.
const UNITS_A_SECOND = 2 ** 20;
const UNITS_A_MILLISECOND = UNITS_A_SECOND / 1000;
const PARTS_BITS = 3;
const PARTS = 2 ** PARTS_BITS;
/** From here on units are counted by the eleven octaves above, since shifts have 32 bits. */
const FAR = 2 ** 31;
const FAR_OCTAVES = 11;
const LAST = 2 ** (31 + FAR_OCTAVES) - 1;

/** How far a quantile may be off: a part of the true value … */
export const RELATIVE_ERROR = 1 / (2 * PARTS);

/** … or so many seconds, whichever is more. */
export const ABSOLUTE_ERROR = 1 / (2 * UNITS_A_SECOND);

/** Number of buckets. The last ends at 2^22 s, which is 48 days; what is longer is counted in it. */
export const BUCKETS = indexOf(LAST / UNITS_A_MILLISECOND) + 1;

/** The bucket of a duration of so many milliseconds. On the hot path: no logarithm, no allocation. */
export function indexOf(milliseconds: number): number {
  const units = milliseconds * UNITS_A_MILLISECOND;
  if (units < FAR) return place(units);
  return place(Math.min(units, LAST) / 2 ** FAR_OCTAVES) + FAR_OCTAVES * PARTS;
}

/** Where a bucket ends, in seconds. A duration of just so long is in the next. */
export function boundOf(index: number): number {
  const octave = Math.max(0, Math.floor(index / PARTS) - 1);
  return ((index - octave * PARTS + 1) * 2 ** octave) / UNITS_A_SECOND;
}

/** The middle of the bucket that ends at this bound, in seconds. */
export function middleOf(bound: number): number {
  const units = bound * UNITS_A_SECOND;
  const octave = Math.max(0, Math.floor(Math.log2(units - 1)) - PARTS_BITS);
  return bound - 2 ** octave / 2 / UNITS_A_SECOND;
}

function place(units: number): number {
  const octave = Math.max(0, 31 - PARTS_BITS - Math.clz32(units));
  return octave * PARTS + (units >>> octave);
}
