import type { CocaineError } from "@cocaine/core/plugin";
import { parseEndpoint } from "@cocaine/zmtp";
import { type Caller, createCaller } from "../dispatch/caller.ts";
import { type Discover, follow } from "../dispatch/discover.ts";
import { clientClosed, clientNotStarted, notCallable } from "../dispatch/errors.ts";
import { type CallerInfo, infoOf } from "../dispatch/info.ts";
import { leavable } from "../dispatch/leavable.ts";
import type { Target } from "../dispatch/links.ts";
import type { CallOptions, DispatchOptions, Policy } from "../dispatch/policy.ts";
import { lsdWire } from "../wires/lsd.ts";
import type { Wire } from "../wires/wire.ts";
import { zmqWire } from "../wires/zmq.ts";
import type { TaskServer } from "./servers.ts";

export interface ClientOptions extends DispatchOptions {
  /** Where tasks are served, or what tells that. */
  readonly servers: readonly TaskServer[] | Discover<TaskServer>;
  /** Holds for each call that does not say otherwise. */
  readonly policy?: Policy;
  /** Told what goes wrong beside the calls: a server that cannot be reached, a discovery that fails. @defaultValue nobody */
  onWarning?(error: CocaineError): void;
}

/** Calls tasks of apps, on all servers that have them. */
export interface Client {
  /** Begins to look for servers. Calls wait for them by themselves. */
  start(): void;
  /**
   * Sends a request when its response is first read, and iterates over the response. Leaving the loop gives it up.
   *
   * @param body - the request; text goes as UTF-8. Bytes must not be changed until the response has ended.
   * @throws what the job failed with; `COC_DEADLINE`, `COC_CLIENT_TASK`, `COC_CLIENT_LOST`, `COC_CLIENT_FULL`,
   * `COC_CLIENT_CLOSED`; the signal's reason when that is aborted.
   */
  call(
    app: string,
    task: string,
    body?: Uint8Array | string,
    options?: CallOptions,
  ): AsyncGenerator<Uint8Array, void, undefined>;
  /** The same, with the whole response at once. */
  request(app: string, task: string, body?: Uint8Array | string, options?: CallOptions): Promise<Buffer>;
  /** Of each task that was called, as long as it has servers or calls. */
  info(): readonly (CallerInfo & { readonly app: string; readonly task: string })[];
  /** Fails all calls with `COC_CLIENT_CLOSED` and ends all connections. May be called twice. */
  close(): Promise<void>;
}

interface Called extends Caller {
  readonly app: string;
  readonly task: string;
}

/**
 * Makes a client of a cluster, or of a list of servers. Nothing happens before `start()`.
 *
 * Each request goes to the server with the fewest unfinished ones of this client. One that a server refuses, or whose
 * connection is lost, is sent again within its deadline, but not once chunks of its response were handed over.
 *
 * @throws `COC_ZMTP_ENDPOINT` if one of `servers` has an endpoint that cannot be read.
 */
export function createClient(options: ClientOptions): Client {
  const { servers } = options;
  const discovery = new AbortController();
  const warned = (error: CocaineError): void => options.onWarning?.(error);
  const called = new Map<string, Called>();
  const wires = { zmq: zmqWire(false), stream: zmqWire(true) };
  let known: readonly TaskServer[] = [];
  let started = false;
  let closing: Promise<void> | undefined;
  if (typeof servers !== "function") for (const { endpoint } of servers) parseEndpoint(endpoint, "connect");

  function wireOf({ type, stream }: TaskServer): Wire | undefined {
    if (type === "server+lsd") return lsdWire;
    return type === "server+zmq" ? wires[stream === true ? "stream" : "zmq"] : undefined;
  }

  function targetsOf(app: string, task: string): Target[] {
    return known.flatMap((server) => {
      const wire = server.app === app && server.task === task ? wireOf(server) : undefined;
      return wire === undefined ? [] : [{ endpoint: server.endpoint, wire }];
    });
  }

  function listed(list: readonly TaskServer[]): void {
    known = list;
    for (const caller of called.values()) {
      caller.dispatcher.links.set(targetsOf(caller.app, caller.task));
      forgetUnused(caller);
    }
  }

  /** Names may come from anywhere, and be of no task: what has neither servers nor calls is not kept. */
  function forgetUnused(caller: Called): void {
    const { app, task, dispatcher } = caller;
    if (dispatcher.open > 0 || dispatcher.links.list.length > 0) return;
    if (called.get(keyOf(app, task)) === caller) called.delete(keyOf(app, task));
  }

  function callerOf(app: string, task: string): Called {
    const key = keyOf(app, task);
    const before = called.get(key);
    if (before !== undefined) return before;
    const targets = targetsOf(app, task);
    const other = known.find((server) => server.app === app && server.task === task);
    // What is found out may still come; a list stays what it is, and so does a task of HTTP.
    if (targets.length === 0 && (other !== undefined || typeof servers !== "function"))
      throw notCallable(app, task, other?.type);
    const made = { app, task, ...createCaller({ ...options, warned }) };
    called.set(key, made);
    made.dispatcher.links.set(targets);
    return made;
  }

  const client: Client = {
    start() {
      if (started || closing !== undefined) return;
      started = true;
      if (typeof servers !== "function") listed(servers);
      else void follow(servers, discovery.signal, { listed, warned });
    },
    call: (app, task, body = "", policy = {}) =>
      leavable(async function* (exit) {
        policy.signal?.throwIfAborted();
        if (closing !== undefined) throw clientClosed();
        if (!started) throw clientNotStarted();
        const caller = callerOf(app, task);
        try {
          yield* caller.call(body, policy, exit);
        } finally {
          forgetUnused(caller);
        }
      }),
    async request(app, task, body, policy) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of client.call(app, task, body, policy)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    info: () => [...called.values()].map(({ app, task, dispatcher }) => ({ app, task, ...infoOf(dispatcher) })),
    close() {
      discovery.abort();
      for (const { dispatcher } of called.values()) dispatcher.dropAll(clientClosed());
      closing ??= Promise.all([...called.values()].map(({ dispatcher }) => dispatcher.links.close())).then(
        () => undefined,
      );
      return closing;
    },
  };
  return client;
}

function keyOf(app: string, task: string): string {
  return JSON.stringify([app, task]);
}
