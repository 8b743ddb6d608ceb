import { parseEndpoint } from "@cocaine/zmtp";
import { Call } from "./call.ts";
import { follow } from "./discover.ts";
import { Dispatcher } from "./dispatcher.ts";
import { clientClosed, clientNotStarted } from "./errors.ts";
import type { LsdCallPolicy, LsdClientOptions } from "./options.ts";

/** What a client says of itself. */
export interface LsdClientInfo {
  readonly endpoints: readonly {
    readonly endpoint: string;
    readonly state: "down" | "open" | "full" | "closed";
    /** Requests that it has and that have not ended. */
    readonly unfinished: number;
  }[];
  /** Calls that have not ended. */
  readonly open: number;
  /** Those of them that wait for a server that takes them. */
  readonly waiting: number;
  /** How often a request was sent again. */
  readonly resent: number;
}

/** Calls one task of an app, on all servers that have it. */
export interface LsdClient {
  /** Begins to connect. Calls wait for connections by themselves. */
  start(): void;
  /**
   * Sends a request when its response is first read, and iterates over the response. Leaving the loop gives it up.
   *
   * @param body - the request; text goes as UTF-8. Bytes must not be changed until the response has ended.
   * @throws `COC_DEADLINE`, `COC_LSD_REQUEST` (400), `COC_LSD_SERVER` (500), `COC_LSD_APP` (502), `COC_LSD_RESOURCE` (503),
   * `COC_LSD_TIMEOUT` (504), `COC_LSD_LOST`, `COC_CLIENT_FULL`, `COC_CLIENT_CLOSED`; the signal's reason when that is aborted.
   */
  call(body: Uint8Array | string, policy?: LsdCallPolicy): AsyncGenerator<Uint8Array, void, undefined>;
  info(): LsdClientInfo;
  /** Fails all calls with `COC_CLIENT_CLOSED` and ends all connections. May be called twice. */
  close(): Promise<void>;
}

/**
 * Makes a client of one task. Nothing happens before `start()`.
 *
 * Each request goes to the server with the fewest unfinished ones of this client. One that is answered with 503, or whose
 * connection is lost, is sent again within its deadline, but not once chunks of its response were handed over.
 *
 * @throws `COC_ZMTP_ENDPOINT` if one of `endpoints` cannot be read.
 */
export function createLsdClient(options: LsdClientOptions): LsdClient {
  const { endpoints, lifetime = 60_000, silence = 5000, window = 1_048_576, backlog = 10_000 } = options;
  if (typeof endpoints !== "function") for (const endpoint of endpoints) parseEndpoint(endpoint, "connect");
  const discovery = new AbortController();
  const warned: Dispatcher["warned"] = (error) => options.onWarning?.(error);
  const dispatcher = new Dispatcher({ silence, window, backlog, warned });
  let started = false;
  let closing: Promise<void> | undefined;

  function callOf(body: Uint8Array | string, given: LsdCallPolicy): Call {
    const { urgent = false, mailboxed = false, timeout = 0, maxRetries = 10 } = { ...options.policy, ...given };
    const deadline = given.deadline ?? (lifetime > 0 ? Date.now() + lifetime : Number.POSITIVE_INFINITY);
    const policy = { urgent, mailboxed, timeout, maxRetries, ...(given.onRestart && { onRestart: given.onRestart }) };
    return new Call(typeof body === "string" ? Buffer.from(body) : body, policy, deadline);
  }

  return {
    start() {
      if (started || closing !== undefined) return;
      started = true;
      if (typeof endpoints !== "function") dispatcher.links.set(endpoints);
      else void follow(endpoints, discovery.signal, { listed: (list) => dispatcher.links.set(list), warned });
    },
    async *call(body, policy = {}) {
      const { signal } = policy;
      signal?.throwIfAborted();
      if (closing !== undefined) throw clientClosed();
      if (!started) throw clientNotStarted();
      const call = callOf(body, policy);
      const aborted = () => dispatcher.drop(call, signal?.reason);
      signal?.addEventListener("abort", aborted, { once: true });
      try {
        dispatcher.submit(call);
        for (let chunk = await call.next(); chunk !== undefined; chunk = await call.next()) yield chunk;
      } finally {
        signal?.removeEventListener("abort", aborted);
        dispatcher.drop(call);
      }
    },
    info: () => ({
      endpoints: dispatcher.links.list.map(({ endpoint, state, unfinished }) => ({ endpoint, state, unfinished })),
      open: dispatcher.open,
      waiting: dispatcher.waiting,
      resent: dispatcher.resent,
    }),
    close() {
      discovery.abort();
      dispatcher.dropAll(clientClosed());
      closing ??= dispatcher.links.close();
      return closing;
    },
  };
}
