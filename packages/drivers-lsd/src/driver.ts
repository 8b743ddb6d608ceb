import { defineDriver } from "@cocaine/core/plugin";
import { lsdServerOptions } from "./options.ts";
import { createServer } from "./server.ts";

/**
 * Makes the driver `server+lsd`: a server for clients that speak LSD, as it was in December 2011.
 *
 * In: `[route…, "", envelope, body, envelope, body…]`, each pair a job; the envelope is JSON
 * `{uuid, urgent, mailboxed, timeout, deadline}`. Out, all JSON but the chunks: `[route…, "", {uuid}, chunk]` for each
 * chunk, then `[route…, "", {uuid, completed: true}]`, or `[route…, "", {uuid, code, message}]`.
 *
 * `start()` rejects with `COC_LSD_ADDRESS_IN_USE` or `COC_LSD_ENDPOINT`.
 */
export function lsdServerDriver() {
  return defineDriver({
    name: "server+lsd",
    options: lsdServerOptions,
    policy: { "stall-timeout": 60 },
    create: createServer,
  });
}
