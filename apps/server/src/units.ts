/** Seconds as a person says them: `12s`, `3m 4s`, `5h 6m`, `7d 8h`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const steps: [number, string][] = [
    [86_400, "d"],
    [3600, "h"],
    [60, "m"],
    [1, "s"],
  ];
  const first = steps.findIndex(([size]) => whole >= size);
  if (first < 0) return "0s";
  const parts = steps.slice(first, first + 2).map(([size, unit], index) => {
    const above = steps[first + index - 1]?.[0] ?? Number.POSITIVE_INFINITY;
    return `${Math.floor((whole % above) / size)}${unit}`;
  });
  return parts.filter((part) => !part.startsWith("0")).join(" ");
}
