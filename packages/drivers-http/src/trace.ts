import type { Incoming } from "./incoming.ts";

/** W3C Trace Context, 3.2.2: later versions may say more behind a further `-`. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** The id of the trace that a request is part of, if its `traceparent` is a valid one. */
export function traceIdOf(request: Incoming): string | undefined {
  const { traceparent } = request.headers;
  if (typeof traceparent !== "string") return undefined;
  const [, version, id, more] = TRACEPARENT.exec(traceparent) ?? [];
  return version === "00" && more !== undefined ? undefined : id;
}
