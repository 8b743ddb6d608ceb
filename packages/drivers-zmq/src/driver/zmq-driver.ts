import { defineDriver } from "@cocaine/core/plugin";
import { createZap } from "../socket/zap.ts";
import type { ZmqDefinition } from "./definition.ts";
import { createInstance } from "./instance.ts";

/**
 * Makes a driver whose jobs come as messages of a ZeroMQ socket. What such drivers have in common is done here: binding
 * and connecting, CURVE, limits, pausing, peers that do not read or go away, the end of a task. What a message means and
 * what its answer looks like is the definition's.
 *
 * `start()` of the driver rejects with `COC_ZMQ_ADDRESS_IN_USE`, `COC_ZMQ_ENDPOINT` or `COC_ZMQ_KEY`.
 *
 * @example
 * ```ts
 * export function linesDriver() {
 *   return zmqDriver({
 *     name: "server+lines",
 *     options: z.strictObject({ endpoint: z.string() }),
 *     socket: ({ endpoint }) => ({ type: "router", bind: [endpoint] }),
 *     onMessage([tag, line], peer) {
 *       peer.trigger({ chunk: line }, {
 *         write: (chunk) => peer.send([tag, "line", chunk]),
 *         end: () => peer.send([tag, "end"]),
 *         fail: ({ code }) => peer.send([tag, "error", code]),
 *       });
 *     },
 *   });
 * }
 * ```
 */
export function zmqDriver<Options>(definition: ZmqDefinition<Options>) {
  const { name, aliases, options, policy } = definition;
  const zap = createZap();
  return defineDriver<Options>({
    name,
    options,
    ...(aliases !== undefined && { aliases }),
    ...(policy !== undefined && { policy }),
    create: (own, context) => createInstance(definition, own, context, zap),
  });
}
