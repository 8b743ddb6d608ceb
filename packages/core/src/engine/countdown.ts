/** Time that is left, which can be made shorter. */
export interface Countdown {
  /** Resolves when the time is up; never, once it was stopped before. */
  readonly up: Promise<void>;
  /** So many milliseconds are left from now, if that is less than there were. */
  shorten(milliseconds: number): void;
  stop(): void;
}

export function createCountdown(): Countdown {
  let timer: NodeJS.Timeout | undefined;
  let end = Number.POSITIVE_INFINITY;
  let finish: () => void = () => undefined;
  const up = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return {
    up,
    shorten(milliseconds) {
      const at = performance.now() + milliseconds;
      if (at >= end) return;
      end = at;
      clearTimeout(timer);
      timer = setTimeout(finish, milliseconds);
    },
    stop: () => clearTimeout(timer),
  };
}
