import { defineDriver } from "@cocaine/core/plugin";
import { serverOptions } from "./options.ts";
import { createServer } from "./server.ts";

/**
 * Makes the driver `server+zmq`: a ZeroMQ server that every REQ, DEALER or proxied client can ask.
 *
 * In: `[route…, "", request chunk…]`. Out: one message, the same envelope and the response's chunks as frames; a
 * response without chunks is one empty frame. Failure: the envelope, an empty frame, JSON `{code, message}`.
 * See ZeroMQ RFC 28 for the envelope and RFC 37 (ZMTP 3.1) for the wire.
 *
 * `start()` rejects with `COC_ZMQ_ADDRESS_IN_USE` or `COC_ZMQ_ENDPOINT`.
 */
export function zmqServerDriver() {
  return defineDriver({
    name: "server+zmq",
    options: serverOptions,
    policy: { "stall-timeout": 60 },
    create: createServer,
  });
}
