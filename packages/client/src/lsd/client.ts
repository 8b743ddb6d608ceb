import type { CocaineError } from "@cocaine/core/plugin";
import { parseEndpoint } from "@cocaine/zmtp";
import { createCaller } from "../dispatch/caller.ts";
import { follow } from "../dispatch/discover.ts";
import { clientClosed, clientNotStarted } from "../dispatch/errors.ts";
import { type CallerInfo, infoOf } from "../dispatch/info.ts";
import { leavable } from "../dispatch/leavable.ts";
import { lsdWire } from "../wires/lsd.ts";
import type { LsdCallPolicy, LsdClientOptions } from "./options.ts";

/** Calls one task of an app, on all servers that have it. */
export interface LsdClient {
  /** Begins to connect. Calls wait for connections by themselves. */
  start(): void;
  /**
   * Sends a request when its response is first read, and iterates over the response. Leaving the loop gives it up.
   *
   * @param body - the request; text goes as UTF-8. Bytes must not be changed until the response has ended.
   * @throws `COC_DEADLINE`, `COC_LSD_REQUEST` (400), `COC_LSD_SERVER` (500), `COC_LSD_APP` (502), `COC_LSD_RESOURCE` (503),
   * `COC_LSD_TIMEOUT` (504), `COC_CLIENT_LOST`, `COC_CLIENT_FULL`, `COC_CLIENT_CLOSED`; the signal's reason when that is aborted.
   */
  call(body: Uint8Array | string, policy?: LsdCallPolicy): AsyncGenerator<Uint8Array, void, undefined>;
  info(): CallerInfo;
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
  const { endpoints } = options;
  if (typeof endpoints !== "function") for (const endpoint of endpoints) parseEndpoint(endpoint, "connect");
  const discovery = new AbortController();
  const warned = (error: CocaineError): void => options.onWarning?.(error);
  const { dispatcher, call } = createCaller({ ...options, warned });
  const listed = (list: readonly string[]) =>
    dispatcher.links.set(list.map((endpoint) => ({ endpoint, wire: lsdWire })));
  let started = false;
  let closing: Promise<void> | undefined;

  return {
    start() {
      if (started || closing !== undefined) return;
      started = true;
      if (typeof endpoints !== "function") listed(endpoints);
      else void follow(endpoints, discovery.signal, { listed, warned });
    },
    call: (body, policy = {}) =>
      leavable(async function* (exit) {
        policy.signal?.throwIfAborted();
        if (closing !== undefined) throw clientClosed();
        if (!started) throw clientNotStarted();
        yield* call(body, policy, exit);
      }),
    info: () => infoOf(dispatcher),
    close() {
      discovery.abort();
      dispatcher.dropAll(clientClosed());
      closing ??= dispatcher.links.close();
      return closing;
    },
  };
}
