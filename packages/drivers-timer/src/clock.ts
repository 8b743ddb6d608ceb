/**
 * - `wall`: what the system says of the time; it may be set, and jumps then
 * - `monotonic`: milliseconds since the epoch as they were at the start of the process, counted on from there
 */
export type Clock = "wall" | "monotonic";

export const now: Readonly<Record<Clock, () => number>> = {
  wall: () => Date.now(),
  monotonic: () => performance.timeOrigin + performance.now(),
};

/** The longest delay that a timer is set for: setTimeout() counts 31 bits, and a wall clock may be set meanwhile. */
export const longest: Readonly<Record<Clock, number>> = { wall: 60_000, monotonic: 2_147_483_647 };
