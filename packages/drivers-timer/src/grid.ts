/**
 * The moments of a timer: `start + n × interval` by the monotonic clock, whatever the runs take and the wall clock
 * does.
 */
export interface Grid {
  /** Number of the last moment at or before `now`; 0 is the start. */
  at(now: number): number;
  /** Monotonic milliseconds of moment `n`. */
  moment(n: number): number;
}

/** @param start - monotonic milliseconds of moment 0. */
export function createGrid(start: number, interval: number): Grid {
  return {
    at: (now) => Math.floor((now - start) / interval),
    moment: (n) => start + n * interval,
  };
}
