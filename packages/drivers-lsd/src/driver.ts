import { zmqDriver } from "@cocaine/drivers-zmq";
import { lsdServerOptions } from "./options.ts";
import { takePairs } from "./pairs.ts";

/** Milliseconds between two PINGs: a client hears by them that the server lives, also while it is not read from. */
const PING_INTERVAL = 1000;

/**
 * Makes the driver `server+lsd`: a server for clients that speak LSD, as it was in December 2011.
 *
 * In: `[route…, "", envelope, body, envelope, body…]`, each pair a job; the envelope is JSON
 * `{uuid, urgent, mailboxed, timeout, deadline}`. Out, all JSON but the chunks: `[route…, "", {uuid}, chunk]` for each
 * chunk, then `[route…, "", {uuid, completed: true}]`, or `[route…, "", {uuid, code, message}]`.
 *
 * `start()` rejects with `COC_ZMQ_ADDRESS_IN_USE`, `COC_ZMQ_ENDPOINT` or `COC_ZMQ_KEY`.
 */
export function lsdServerDriver() {
  return zmqDriver({
    name: "server+lsd",
    options: lsdServerOptions,
    policy: { "stall-timeout": 60 },
    socket: ({ endpoint, hwm, limits, curve }) => ({
      type: "router",
      bind: endpoint,
      hwm,
      limits,
      curve,
      heartbeat: {
        interval: PING_INTERVAL,
        timeout: limits.silence > 0 ? limits.silence * 1000 : Number.POSITIVE_INFINITY,
      },
    }),
    onMessage: takePairs,
  });
}
