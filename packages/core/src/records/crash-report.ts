import type { ErrorCode } from "../errors.ts";

/** How a worker ended that nobody had asked to end. */
export interface CrashReport {
  /** When it ended, as ISO 8601. */
  readonly time: string;
  /** The app's version, where its manifest has one. */
  readonly version: number | string | undefined;
  readonly worker: string;
  readonly pid: number | undefined;
  /** Seconds that it had lived. */
  readonly uptime: number;
  /** Jobs that it had ended. */
  readonly done: number;
  /** Exit status; `null` if a signal ended it, or it never ran. */
  readonly status: number | null;
  readonly signal: string | null;
  /** What its jobs were told. */
  readonly error: { readonly code: ErrorCode; readonly message: string };
  /** The jobs that it had, in the order they were sent; `begun`: its code ran already, as far as can be known. */
  readonly jobs: readonly {
    readonly id: string;
    readonly task: string;
    readonly attempt: number;
    readonly begun: boolean;
  }[];
  /** The last lines that it wrote to stdout and stderr, 200 at most. */
  readonly output: readonly string[];
  /** Workers of the app that ended so since the report before, too fast to have reports of their own. */
  readonly skipped?: number;
}

/** A report under which it is found. */
export interface StoredCrashReport extends CrashReport {
  readonly id: string;
}
