import type { CrashReport, StoredCrashReport } from "./crash-report.ts";
import { createLedger, type LedgerOptions } from "./ledger.ts";

/** Reports of one app. */
const LIMIT = 100;

/** The reports of workers that crashed, hung or had to be killed: the last 100 of each app. */
export interface CrashLogs {
  add(app: string, report: CrashReport): void;
  /** Those of an app, the oldest first; also of one that runs no more. */
  list(app: string): Promise<StoredCrashReport[]>;
  idle(): Promise<void>;
}

export function createCrashLogs(options: Pick<LedgerOptions, "storage" | "log">): CrashLogs {
  const ledger = createLedger<CrashReport>({ ...options, collection: "crashlogs", limit: LIMIT });
  return {
    add: (app, report) => ledger.add(app, report.worker, report),
    list: async (app) => (await ledger.list(app)).map(({ id, value }) => ({ id, ...value })),
    idle: () => ledger.idle(),
  };
}
