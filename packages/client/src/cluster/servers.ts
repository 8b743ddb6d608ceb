import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "@cocaine/core/plugin";
import type { Discover } from "../dispatch/discover.ts";

/** One place that serves a task. */
export interface TaskServer {
  readonly app: string;
  readonly task: string;
  /** The driver's type, as the manifest has it. Only `server+zmq` and `server+lsd` can be called. */
  readonly type: string;
  /** `tcp://host:port` or `ipc:///path`. */
  readonly endpoint: string;
  /** Of `server+zmq`: what the manifest says. @defaultValue false */
  readonly stream?: boolean;
}

/** A node as `host.nodes()` of `@cocaine/core` and the action `nodes` of `@cocaine/admin` tell of it: what matters here. */
export interface ClusterNode {
  readonly hostname: string;
  readonly address?: string | undefined;
  readonly apps: readonly {
    readonly name: string;
    readonly state: string;
    readonly tasks: Readonly<
      Record<string, { readonly type: string; readonly endpoints: readonly string[]; readonly stream?: boolean }>
    >;
  }[];
}

export interface ClusterServersOptions {
  /** Each asks one node for all. The first that answers counts, and is asked first the next time. */
  readonly sources: readonly (() => Promise<readonly ClusterNode[]>)[];
  /** Milliseconds from one look to the next. @defaultValue 2,000 */
  readonly interval?: number;
  /** Milliseconds in which a node must answer before the next is asked. @defaultValue 5,000 */
  readonly patience?: number;
}

/** Finds the servers of a cluster by asking its nodes, again and again. */
export function clusterServers(options: ClusterServersOptions): Discover<TaskServer> {
  const { interval = 2000, patience = 5000 } = options;
  return async function* (signal) {
    const sources = [...options.sources];
    let told = "";
    while (!signal.aborted) {
      const servers = (await firstOf(sources, patience, signal)).flatMap(serversOf);
      const list = JSON.stringify(servers);
      if (list !== told) yield servers;
      told = list;
      await sleep(interval, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
}

type Source = ClusterServersOptions["sources"][number];

/** What the first that answers tells. Those that did not go to the end, so that they delay no further look. */
async function firstOf(sources: Source[], patience: number, signal: AbortSignal): Promise<readonly ClusterNode[]> {
  const reasons: string[] = [];
  for (const source of [...sources]) {
    try {
      return await within(patience, source, signal);
    } catch (error) {
      signal.throwIfAborted();
      reasons.push(messageOf(error));
      sources.push(...sources.splice(sources.indexOf(source), 1));
    }
  }
  throw new Error(`no node tells of the others: ${reasons.join("; ")}`);
}

async function within(patience: number, source: Source, signal: AbortSignal): Promise<readonly ClusterNode[]> {
  const answered = new AbortController();
  const stop = () => answered.abort();
  signal.addEventListener("abort", stop, { once: true });
  const late = sleep(patience, undefined, { signal: answered.signal }).then(() => {
    throw new Error(`a node did not answer within ${patience} ms`);
  });
  try {
    return await Promise.race([source(), late]);
  } finally {
    signal.removeEventListener("abort", stop);
    answered.abort();
    await late.catch(() => undefined);
  }
}

function serversOf({ hostname: host, address, apps }: ClusterNode): TaskServer[] {
  return apps.flatMap(({ name: app, state, tasks }) =>
    // Those of a paused app would refuse.
    state === "paused" || state === "stopping"
      ? []
      : Object.entries(tasks).flatMap(([task, { type, endpoints, stream = false }]) => {
          const here = host === hostname();
          const endpoint = endpoints.flatMap((each) => reachable(each, address ?? host, here) ?? [])[0];
          return endpoint === undefined ? [] : [{ app, task, type, endpoint, stream }];
        }),
  );
}

/** An endpoint as it is reached from here; `undefined`: it is only reached from its own machine, which is another one. */
function reachable(endpoint: string, address: string, here: boolean): string | undefined {
  if (/^tcp:\/\/(\*|0\.0\.0\.0|\[::\]):/.test(endpoint)) {
    const host = address.includes(":") ? `[${address}]` : address;
    return endpoint.replace(/^tcp:\/\/(\*|0\.0\.0\.0|\[::\])/, `tcp://${here ? "127.0.0.1" : host}`);
  }
  const local = endpoint.startsWith("ipc:") || /^tcp:\/\/(127\.|\[::1\]|localhost:|lo:)/.test(endpoint);
  return local && !here ? undefined : endpoint;
}
