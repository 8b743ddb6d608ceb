import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds until what must come counts as not coming. */
const PATIENCE = 20_000;

/** Waits until a condition holds. @returns what it gives that is neither `false` nor `undefined`. */
export async function until<T>(what: string, condition: () => T | Promise<T>): Promise<Exclude<T, false | undefined>> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    if (performance.now() > end) throw new Error(`waited ${PATIENCE / 1000} s in vain until ${what}`);
    await delay(10);
  }
}

/** Fails if a promise does not settle. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE / 1000} s in vain until ${what}`)), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
