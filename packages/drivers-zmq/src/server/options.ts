import { z } from "@cocaine/core/plugin";
import { curveServerOptions } from "../socket/curve.ts";
import { zmqEndpoints } from "../socket/endpoints.ts";

const MIB = 1024 * 1024;
/** A Node socket tells that it drained only if it held as much as its own buffer takes, 64 KiB at the most. */
const HWM_MIN = 64 * 1024;

const limits = z.strictObject({
  /** Bytes of one request message, all frames together; a client that sends more is disconnected. */
  message: z
    .int()
    .positive()
    .default(64 * MIB),
  /** Frames of one request message with its envelope; a client that sends more is disconnected. */
  frames: z.int().positive().default(1024),
  /** Bytes of one reply, each chunk counting 64 more; a job that answers more fails. */
  reply: z
    .int()
    .positive()
    .default(64 * MIB),
  /** Clients connected at once; further ones are disconnected. */
  connections: z.int().positive().default(10_000),
  /** Seconds that a client above `hwm` has to take what waits for it before it is disconnected; 0 is for ever. */
  stall: z.number().nonnegative().default(60),
});

/** What a task of type `server+zmq` says in its manifest. */
export const serverOptions = z.strictObject({
  /** Where clients connect: one endpoint or several. */
  endpoint: zmqEndpoints,
  /** Sends a message a chunk, and one of an empty frame at the end, instead of the whole reply in one. */
  stream: z.boolean().default(false),
  /** Bytes of replies that wait for one client before its jobs wait and nothing more is read from it. */
  hwm: z.int().min(HWM_MIN).default(MIB),
  limits: limits.prefault({}),
  /** Encrypts and authenticates: the mechanism CURVE, on libzmq. */
  curve: curveServerOptions.optional(),
});

export type ServerOptions = z.infer<typeof serverOptions>;
