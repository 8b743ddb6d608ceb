import type { Logger } from "@cocaine/core/plugin";
import { CROWDED, MALFORMED, NO_ROUTE, type Problem } from "./answer.ts";
import type { Site } from "./site.ts";

/** Where the requests of a listener go that no task is given. */
export function createNowhere(log: Logger) {
  const site = (problem: Problem): Site => ({
    name: "nobody",
    hosts: [],
    path: "",
    bodyLimit: Number.POSITIVE_INFINITY,
    bodyTimeout: 0,
    accessLog: false,
    trailers: false,
    websocket: undefined,
    cors: undefined,
    proxies: undefined,
    log,
    closing: false,
    holds: () => false,
    admit: () => problem,
    opened: () => undefined,
    closed: () => undefined,
  });
  return { unknown: site(NO_ROUTE), invalid: site(MALFORMED), crowded: site(CROWDED) };
}
