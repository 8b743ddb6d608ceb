import type { WorkerState } from "./engine/worker.ts";
import type { CocaineError } from "./errors.ts";
import type { Distribution } from "./observe/distribution.ts";

/** Where an app is in its life. `failed`: its workers cannot start; it recovers by itself when they can. */
export type AppState = "starting" | "running" | "paused" | "failed" | "stopping";

/**
 * One app, as an operator sees it. Times are seconds, sizes bytes. What is said to be counted is counted since the app
 * was deployed, over its reloads and versions, and only grows: rates come of two readings and the `uptime` between
 * them (an `uptime` that went down is another app of the name).
 */
export interface AppInfo {
  readonly name: string;
  readonly state: AppState;
  /** The manifest's `type`. */
  readonly type: string;
  /** The manifest's `version`, where it has one. */
  readonly version: number | string | undefined;
  /** SHA-256 of the bundle that its code is in, where it is in one. */
  readonly bundle: string | undefined;
  /** Why the app is `failed`: code and message. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Why the manifest of the storage does not run in place of the one that does, where it could not be deployed here. */
  readonly rejected: { readonly code: string; readonly message: string } | undefined;
  /** Seconds since the app was deployed. */
  readonly uptime: number;
  /** Real endpoint of the feed, where the manifest has one. */
  readonly feed: string | undefined;
  readonly queue: {
    /** Jobs that wait now. */
    readonly depth: number;
    /** Jobs that wait out a back-off before they are run again. */
    readonly delayed: number;
    readonly limit: number;
    /** The most that ever waited at once. */
    readonly highest: number;
  };
  readonly pool: PoolInfo;
  /** Counted over all tasks, of earlier versions too; `running` is now. */
  readonly jobs: {
    readonly running: number;
    readonly done: number;
    readonly failed: number;
    readonly cancelled: number;
  };
  readonly tasks: Readonly<Record<string, TaskInfo>>;
}

export interface PoolInfo extends PoolMetricsInfo {
  /** Workers of the current version, without those that are stopping. */
  readonly size: number;
  readonly min: number;
  readonly limit: number;
  /** How many of `workers` are in which state. */
  readonly states: Readonly<Record<WorkerState, number>>;
  /** Workers that live, those of earlier versions too. */
  readonly workers: readonly WorkerInfo[];
}

/** How workers came and went. Counted. */
export interface PoolMetricsInfo {
  readonly starts: number;
  /** Starts that made up for a worker that had ended unasked. */
  readonly restarts: number;
  /**
   * Workers that ended, by why: `retired` when they were asked to, else the code of the error. `COC_WORKER_CRASHED`
   * and `COC_WORKER_START` ended by themselves or did not start; `COC_WORKER_HUNG`, `COC_WORKER_KILLED` and
   * `COC_PROTOCOL` were killed.
   */
  readonly ends: Readonly<Record<string, number>>;
}

export interface WorkerInfo {
  readonly id: string;
  readonly pid: number | undefined;
  readonly state: WorkerState;
  /** Jobs that it has now. */
  readonly jobs: number;
  /** Jobs that it has ended. */
  readonly done: number;
  /** Seconds since it was spawned. */
  readonly uptime: number;
}

/** What became of a task's jobs. Counted. */
export interface TaskMetricsInfo {
  readonly jobs: {
    /** Ended well. */
    readonly done: number;
    readonly failed: number;
    /** Their caller went away before they ended. */
    readonly cancelled: number;
    /** Runs after the first of jobs that had begun, by the task's `retries`. */
    readonly retries: number;
    /** Runs after the first of jobs that had not begun when their worker went. */
    readonly resent: number;
    /** Those that failed, by the code of the error. */
    readonly failures: Readonly<Record<string, number>>;
  };
  /** Bytes of requests that were received from callers, and of responses that were sent to them. */
  readonly bytes: { readonly received: number; readonly sent: number };
  /**
   * Seconds from a job's trigger until it was sent to the worker that ended it, or until it failed in the queue.
   * Without the jobs that were refused when they came, and those that were cancelled.
   */
  readonly waited: Distribution;
  /**
   * Seconds from then until the caller had its answer. A short job may have been sent ahead of the worker's being free
   * for it; that moment is in here.
   */
  readonly run: Distribution;
}

export interface TaskInfo extends TaskMetricsInfo {
  /** Name of the driver. */
  readonly type: string;
  /** What the driver says of itself: its real endpoint, path or interval. */
  readonly driver: Readonly<Record<string, unknown>>;
  /** Of a task that runs once in a cluster: whether it runs on this node, on which it runs, and the term of the lease. */
  readonly lease?: { readonly held: boolean; readonly node: string | undefined; readonly term: number };
}

/** The node, as an operator sees it. */
export interface HostInfo {
  /** Id of the node. */
  readonly node: string;
  readonly hostname: string;
  readonly pid: number;
  /** Seconds since `start()`. */
  readonly uptime: number;
  readonly apps: readonly AppInfo[];
}

/** An app that was stored and could not be deployed. */
export function brokenApp(name: string, error: CocaineError): AppInfo {
  return {
    name,
    state: "failed",
    type: "",
    version: undefined,
    bundle: undefined,
    error: { code: error.code, message: error.message },
    rejected: undefined,
    uptime: 0,
    feed: undefined,
    queue: { depth: 0, delayed: 0, limit: 0, highest: 0 },
    pool: { size: 0, min: 0, limit: 0, states: statesOf([]), starts: 0, restarts: 0, ends: {}, workers: [] },
    jobs: { running: 0, done: 0, failed: 0, cancelled: 0 },
    tasks: {},
  };
}

/** How many workers are in which state. */
export function statesOf(workers: readonly WorkerInfo[]): Readonly<Record<WorkerState, number>> {
  const states = { starting: 0, ready: 0, retiring: 0, stopping: 0, gone: 0 };
  for (const { state } of workers) states[state]++;
  return states;
}
