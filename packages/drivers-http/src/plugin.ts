import { defineDriver } from "@cocaine/core/plugin";
import { createTaskDriver } from "./driver.ts";
import { createListeners } from "./listeners.ts";
import { httpOptions } from "./options.ts";

/**
 * Makes the driver `server+http`: a server of HTTP/1.1 and HTTP/2 (RFC 9110, 9112, 9113) whose requests are jobs, with
 * bodies that stream both ways, and of WebSockets (RFC 6455). The tasks and apps of one registry that name the same endpoint share its listener.
 *
 * `start()` rejects with `COC_HTTP_ADDRESS_IN_USE`, `COC_HTTP_ENDPOINT`, `COC_HTTP_ROUTE_TAKEN`, `COC_HTTP_LIMITS` or
 * `COC_HTTP_TLS`.
 */
export function httpDriver() {
  const listeners = createListeners();
  return defineDriver({
    name: "server+http",
    options: httpOptions,
    // A WebSocket may be silent for as long as both sides like.
    policy: ({ websocket }) => ({ "stall-timeout": websocket === undefined ? 60 : 0 }),
    create: (options, context) => createTaskDriver(options, context, listeners),
  });
}
