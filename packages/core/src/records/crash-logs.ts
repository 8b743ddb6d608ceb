import type { CrashReport, StoredCrashReport } from "./crash-report.ts";
import { createLedger, type LedgerOptions } from "./ledger.ts";

/** Reports of one app. */
const LIMIT = 100;
/** Reports that may come at once; then one each so many milliseconds. */
const BURST = 20;
const INTERVAL = 10_000;

/**
 * The reports of workers that crashed, hung or had to be killed: the last 100 of each app. An app whose workers crash
 * again and again has 20 at once, then one each 10 seconds, which says how many there were in between.
 */
export interface CrashLogs {
  add(app: string, report: CrashReport): void;
  /** Those of an app, the oldest first; also of one that runs no more. */
  list(app: string): Promise<StoredCrashReport[]>;
  idle(): Promise<void>;
}

/** How many reports an app may still have now. */
interface Allowance {
  left: number;
  /** Monotonic milliseconds up to which `left` is counted. */
  at: number;
  skipped: number;
}

export function createCrashLogs(options: Pick<LedgerOptions<CrashReport>, "storage" | "log">): CrashLogs {
  const ledger = createLedger<CrashReport>({ ...options, collection: "crashlogs", limit: { entries: LIMIT } });
  const allowances = new Map<string, Allowance>();

  function allowanceOf(app: string): Allowance {
    const now = performance.now();
    const allowance = allowances.get(app) ?? { left: BURST, at: now, skipped: 0 };
    allowances.set(app, allowance);
    const earned = Math.floor((now - allowance.at) / INTERVAL);
    allowance.left = Math.min(BURST, allowance.left + earned);
    allowance.at += earned * INTERVAL;
    return allowance;
  }

  return {
    add(app, report) {
      const allowance = allowanceOf(app);
      if (allowance.left === 0) {
        allowance.skipped++;
        return;
      }
      const { skipped } = allowance;
      allowance.left--;
      allowance.skipped = 0;
      ledger.add(app, report.worker, skipped === 0 ? report : { ...report, skipped });
    },
    list: async (app) => (await ledger.list(app)).map(({ id, value }) => ({ id, ...value })),
    idle: () => ledger.idle(),
  };
}
