import { z } from "@cocaine/core/plugin";
import { hwm, peerLimits } from "../driver/limits.ts";
import { curveServerOptions } from "../socket/curve.ts";
import { zmqEndpoints } from "../socket/endpoints.ts";

const limits = z.strictObject({
  ...peerLimits,
  /** Clients connected at once; further ones are disconnected. */
  connections: z.int().positive().default(10_000),
});

/** What a task of type `server+zmq` says in its manifest. */
export const serverOptions = z.strictObject({
  /** Where clients connect: one endpoint or several. */
  endpoint: zmqEndpoints,
  /** Sends a message a chunk, and one of an empty frame at the end, instead of the whole reply in one. */
  stream: z.boolean().default(false),
  /** Bytes of replies that wait for one client before its jobs wait and nothing more is read from it. */
  hwm,
  limits: limits.prefault({}),
  /** Encrypts and authenticates: the mechanism CURVE, on libzmq. */
  curve: curveServerOptions.optional(),
});

export type ServerOptions = z.infer<typeof serverOptions>;
