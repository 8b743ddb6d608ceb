import type { Logger } from "@cocaine/core/plugin";
import type { Incoming } from "./incoming.ts";
import { traceIdOf } from "./trace.ts";

/** What is known of a request when it is over. */
export interface Access {
  /** Status that the client was sent; 0: it left before. */
  readonly status: number;
  /** Bytes of the response's body. */
  readonly bytes: number;
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly requestId: string;
  /** Address of the client. */
  readonly remote: string;
  /** The response did not reach its end. */
  readonly aborted: boolean;
}

/** Writes the access log's line of one request. */
export function logAccess(log: Logger, request: Incoming, access: Access): void {
  const { startedAt, ...fields } = access;
  const { method, url, httpVersion } = request;
  const ms = Math.round((performance.now() - startedAt) * 1000) / 1000;
  log.info({ method, url, httpVersion, ms, ...fields, traceId: traceIdOf(request) }, "request");
}
