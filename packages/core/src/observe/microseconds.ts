/** Milliseconds without what is finer than a clock's microsecond. */
export function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
