import type { AppInfo, AppState } from "../info.ts";

/** One task of a node's app, as others see it. */
export interface NodeTask {
  /** Name of the driver. */
  readonly type: string;
  /** Where its driver listens, as the driver says it: a wildcard stands for the node's `address`. */
  readonly endpoints: readonly string[];
  /** Of `server+zmq`: whether it answers in streams. */
  readonly stream?: boolean;
  /** Of a task that runs once in the cluster: whether it runs on this node. */
  readonly once?: "holder" | "waiting";
}

/** One app of a node, as others see it. */
export interface NodeApp {
  readonly name: string;
  readonly state: AppState;
  readonly version: number | string | undefined;
  /** Why it is `failed`, or why the manifest of the storage does not run in place of the one before. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly workers: number;
  /** Jobs that wait. */
  readonly queue: number;
  /** Jobs that run. */
  readonly running: number;
  readonly tasks: Readonly<Record<string, NodeTask>>;
}

/** What a node tells of itself. */
export interface NodeFacts {
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  /** Milliseconds since the epoch, by the node's clock. */
  readonly startedAt: number;
  /** Host name or address under which other machines reach it. */
  readonly address: string | undefined;
  /** Its endpoint of administration, and the fingerprint of its key. */
  readonly admin: AdminFacts | undefined;
  /** Processors that the node's process uses (1: one in full), and bytes of memory that it has. */
  readonly load: { readonly cpu: number; readonly memory: number };
  readonly apps: readonly NodeApp[];
}

export interface AdminFacts {
  readonly endpoint: string;
  readonly fingerprint: string;
}

/** A node of the cluster. */
export interface NodeInfo extends NodeFacts {
  /** Whether it is the one that was asked. */
  readonly self: boolean;
  /** Milliseconds for which the node that was asked has seen no sign of life of it. */
  readonly age: number;
}

export function nodeApp({ name, state, version, error, rejected, pool, queue, jobs, tasks }: AppInfo): NodeApp {
  return {
    name,
    state,
    version,
    error: error ?? rejected,
    workers: pool.size,
    queue: queue.depth,
    running: jobs.running,
    tasks: Object.fromEntries(Object.entries(tasks).map(([task, info]) => [task, nodeTask(info)])),
  };
}

function nodeTask({ type, driver, lease }: AppInfo["tasks"][string]): NodeTask {
  const { endpoint, endpoints, stream } = driver;
  const all = Array.isArray(endpoints) ? endpoints : [endpoint];
  return {
    type,
    endpoints: all.filter((each) => typeof each === "string"),
    ...(typeof stream === "boolean" && { stream }),
    ...(lease !== undefined && { once: lease.held ? ("holder" as const) : ("waiting" as const) }),
  };
}
