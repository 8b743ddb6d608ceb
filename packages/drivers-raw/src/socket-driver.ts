import { defineDriver } from "@cocaine/core/plugin";
import type { SocketDefinition } from "./definition.ts";
import type { SocketOptions } from "./options.ts";
import { SocketServer } from "./socket-server.ts";

/**
 * Makes a driver whose clients speak a protocol of their own on TCP or Unix sockets. Endpoints, TLS, limits, pausing and
 * the end of it all are done here; `onConnection()` speaks.
 *
 * `start()` rejects with `COC_SOCKET_ADDRESS_IN_USE`, `COC_SOCKET_ENDPOINT` or `COC_SOCKET_TLS`.
 *
 * @example
 * ```ts
 * // RFC 862: what a client sends, the app answers.
 * export function echoDriver() {
 *   return socketDriver({
 *     name: "echo",
 *     options: z.strictObject({ ...socketOptions }),
 *     async onConnection(socket, { call }) {
 *       for await (const chunk of socket) for await (const answer of call({ chunk })) socket.write(answer);
 *     },
 *   });
 * }
 * ```
 */
export function socketDriver<Options extends SocketOptions>(definition: SocketDefinition<Options>) {
  const { name, aliases, options, policy } = definition;
  return defineDriver({
    name,
    ...(aliases !== undefined && { aliases }),
    ...(policy !== undefined && { policy }),
    options,
    create: (own: Options, context) => new SocketServer(definition, own, context),
  });
}
