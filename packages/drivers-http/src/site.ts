import type { DriverContext, Logger } from "@cocaine/core/plugin";
import type { Problem } from "./answer.ts";
import type { Cors } from "./cors.ts";
import type { Incoming } from "./incoming.ts";
import type { WebSocketOptions } from "./options.ts";
import type { Proxies } from "./proxies.ts";

/** What the requests of one task need of it. */
export interface Site {
  /** Task and app, for messages. */
  readonly name: string;
  /** Virtual hosts in lower case; `[""]` is every host. */
  readonly hosts: readonly string[];
  /** Prefix of its paths. */
  readonly path: string;
  /** Bytes of a request's body; `Infinity` without a limit. */
  readonly bodyLimit: number;
  /** Milliseconds in which a client must send some of a body that is waited for; 0: for ever. */
  readonly bodyTimeout: number;
  readonly accessLog: boolean;
  /** The last chunk of a request is its trailers. */
  readonly trailers: boolean;
  /** It serves WebSockets, and so. */
  readonly websocket: WebSocketOptions | undefined;
  readonly cors: Cors | undefined;
  /** `undefined`: none is believed. */
  readonly proxies: Proxies | undefined;
  readonly log: Logger;
  /** It ends: connections are not kept. */
  readonly closing: boolean;
  /** The exchange has to wait: `admit()` is called again when the app's queue has room. */
  holds(exchange: Waiting): boolean;
  /** What runs a request as a job, or why it does not become one. */
  admit(exchange: Waiting, request: Incoming): Problem | DriverContext["trigger"];
  /** A request came. */
  opened(exchange: Waiting): void;
  /** It is over: answered to the last byte, or its client is gone. */
  closed(exchange: Waiting, status: number): void;
}

/** A request that is not over. */
export interface Waiting {
  /** Makes it a job, or says why not. */
  admit(): void;
  /** The task takes no more: says so to whom it would otherwise go on with for long. */
  lastCall?(): void;
  /** The task ends now: answers what has no answer yet and cancels its job. */
  abort(): void;
}
