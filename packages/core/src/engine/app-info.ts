import type { CocaineError } from "../errors.ts";
import { type AppInfo, type AppState, statesOf, type TaskInfo, type WorkerInfo } from "../info.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { PoolMetrics } from "../observe/pool-metrics.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Drivers } from "./drivers.ts";
import type { Task } from "./task.ts";

/** What an app's information is made of. */
export interface AppParts {
  readonly name: string;
  readonly state: AppState;
  readonly failure: CocaineError | undefined;
  /** Seconds. */
  readonly uptime: number;
  readonly feed: string | undefined;
  /** Of the version that runs. */
  readonly manifest: Manifest | undefined;
  /** Workers of that version, without those that are stopping. */
  readonly size: number;
  /** Those of all versions. */
  readonly workers: readonly WorkerInfo[];
  readonly poolMetrics: PoolMetrics;
  readonly dispatcher: Dispatcher;
  /** Those of earlier versions too. */
  readonly tasks: ReadonlyMap<string, Task>;
  readonly drivers: Drivers;
}

/** One app, as an operator sees it. */
export function describeApp(parts: AppParts): AppInfo {
  const { name, state, failure, uptime, feed, manifest, size, workers, poolMetrics, dispatcher } = parts;
  const { queue, delayed, limit } = dispatcher.backlog;
  const all = [...parts.tasks.values()].map(({ metrics }) => metrics);
  return {
    name,
    state,
    type: manifest?.type ?? "",
    version: manifest?.version,
    bundle: manifest?.code.bundle,
    error: failure && { code: failure.code, message: failure.message },
    rejected: undefined,
    uptime,
    feed,
    queue: { depth: queue.length, delayed, limit, highest: queue.highest },
    pool: {
      size,
      min: manifest?.engine.poolMin ?? 0,
      limit: manifest?.engine.poolLimit ?? 0,
      states: statesOf(workers),
      ...poolMetrics.info(),
      workers,
    },
    jobs: {
      running: dispatcher.open - queue.length - delayed,
      done: all.reduce((sum, { done }) => sum + done, 0),
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
      cancelled: all.reduce((sum, { cancelled }) => sum + cancelled, 0),
    },
    tasks: Object.fromEntries((manifest?.tasks ?? []).flatMap((spec) => describeTask(spec, parts))),
  };
}

function describeTask({ name, driver }: Manifest["tasks"][number], { tasks, drivers }: AppParts): [string, TaskInfo][] {
  const task = tasks.get(name);
  if (task === undefined) return [];
  const lease = drivers.lease(name);
  const info = { type: driver.name, driver: drivers.info(name), ...(lease && { lease }), ...task.metrics.info() };
  return [[name, info]];
}
