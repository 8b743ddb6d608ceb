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

/** A short time in three digits: `87µs`, `1.25ms`, `640ms`, `3.1s`; from a minute on as `duration()`. */
export function shortTime(seconds: number): string {
  if (seconds >= 60) return duration(seconds);
  if (seconds >= 1) return `${digits(seconds)}s`;
  return seconds >= 0.001 ? `${digits(seconds * 1e3)}ms` : `${Math.round(seconds * 1e6)}µs`;
}

/** Bytes in three digits: `512B`, `1.5kB`, `20MB`. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${step === 0 ? Math.round(bytes) : digits(bytes / 1000 ** step)}${units[step]}`;
}

/** A number in three digits or all that are before the point. */
export function digits(value: number): string {
  if (value === 0) return "0";
  const places = Math.max(0, 2 - Math.floor(Math.log10(value)));
  return String(Number(value.toFixed(Math.min(places, 2))));
}
