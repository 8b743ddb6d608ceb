import type { WorkerState } from "./engine/worker.ts";
import type { CocaineError } from "./errors.ts";

/** Where an app is in its life. `failed`: its workers cannot start; it recovers by itself when they can. */
export type AppState = "starting" | "running" | "paused" | "failed" | "stopping";

/** One app, as an operator sees it. */
export interface AppInfo {
  readonly name: string;
  readonly state: AppState;
  /** The manifest's `type`. */
  readonly type: string;
  /** The manifest's `version`, where it has one. */
  readonly version: number | string | undefined;
  /** Why the app is `failed`: code and message. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Seconds since the app was deployed. */
  readonly uptime: number;
  /** Real endpoint of the feed, where the manifest has one. */
  readonly feed: string | undefined;
  readonly queue: { readonly depth: number; readonly limit: number };
  readonly pool: {
    readonly size: number;
    readonly min: number;
    readonly limit: number;
    readonly workers: readonly WorkerInfo[];
  };
  /** Counts since the app was deployed; `running` is now. */
  readonly jobs: { readonly running: number; readonly done: number; readonly failed: number };
  readonly tasks: Readonly<Record<string, TaskInfo>>;
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

export interface TaskInfo {
  /** Name of the driver. */
  readonly type: string;
  /** What the driver says of itself: its real endpoint, path or interval. */
  readonly driver: Readonly<Record<string, unknown>>;
  readonly jobs: { readonly done: number; readonly failed: number };
}

/** The node, as an operator sees it. */
export interface HostInfo {
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
    error: { code: error.code, message: error.message },
    uptime: 0,
    feed: undefined,
    queue: { depth: 0, limit: 0 },
    pool: { size: 0, min: 0, limit: 0, workers: [] },
    jobs: { running: 0, done: 0, failed: 0 },
    tasks: {},
  };
}
