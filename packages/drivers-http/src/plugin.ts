import { defineDriver } from "@cocaine/core/plugin";
import { createTaskDriver } from "./driver.ts";
import { createListeners } from "./listeners.ts";
import { httpOptions } from "./options.ts";

/**
 * Makes the driver `server+http`: an HTTP/1.1 server (RFC 9110, RFC 9112) whose requests are jobs, with bodies that
 * stream both ways. The tasks and apps of one registry that name the same endpoint share its listener.
 *
 * `start()` rejects with `COC_HTTP_ADDRESS_IN_USE`, `COC_HTTP_ENDPOINT`, `COC_HTTP_ROUTE_TAKEN` or `COC_HTTP_LIMITS`.
 */
export function httpDriver() {
  const listeners = createListeners();
  return defineDriver({
    name: "server+http",
    options: httpOptions,
    policy: { "stall-timeout": 60 },
    create: (options, context) => createTaskDriver(options, context, listeners),
  });
}
