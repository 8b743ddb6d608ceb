import { setTimeout as delay } from "node:timers/promises";

/** Seconds of its rate that an address may use at once. */
const BURST = 2;
/** Tokens that are read at the same moment, for all addresses. */
const AT_ONCE = 4;
/** Addresses that are remembered. */
const ADDRESSES = 10_000;

/** How much work strangers may cause: for each address, and in all. */
export interface Budget {
  /** Does work for an address when its turn has come. */
  run<T>(address: string, work: () => Promise<T>): Promise<T>;
}

interface Allowance {
  left: number;
  at: number;
}

/** @param rate - tokens that may be read for one address in a second */
export function createBudget(rate: number): Budget {
  const burst = rate * BURST;
  const allowances = new Map<string, Allowance>();
  const waiting: (() => void)[] = [];
  let running = 0;

  /** Takes one from the allowance. @returns milliseconds to wait until it is there */
  function take(address: string): number {
    const now = performance.now();
    const known = allowances.get(address) ?? { left: burst, at: now };
    const left = Math.min(burst, known.left + ((now - known.at) / 1000) * rate) - 1;
    // The one that was used last is the last of the map.
    allowances.delete(address);
    allowances.set(address, { left, at: now });
    const [oldest] = allowances.keys();
    if (allowances.size > ADDRESSES && oldest !== undefined) allowances.delete(oldest);
    return left >= 0 ? 0 : (-left / rate) * 1000;
  }

  return {
    async run(address, work) {
      const wait = take(address);
      if (wait > 0) await delay(wait);
      if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
      else running++;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running--;
        else next();
      }
    },
  };
}
