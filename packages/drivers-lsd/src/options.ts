import { z } from "@cocaine/core/plugin";
import { curveServerOptions, zmqEndpoints } from "@cocaine/drivers-zmq";

const MIB = 1024 * 1024;
/** A Node socket tells that it drained only if it held as much as its own buffer takes, 64 KiB at the most. */
const HWM_MIN = 64 * 1024;

const limits = z.strictObject({
  /** Bytes of one message, all pairs together; a client that sends more is disconnected. */
  message: z
    .int()
    .positive()
    .default(64 * MIB),
  /** Frames of one message: two a job, and the route; a client that sends more is disconnected. */
  frames: z.int().min(3).default(1024),
  /** Bytes of one envelope; a longer one is answered with 400, unread. */
  envelope: z.int().positive().default(4096),
  /** Clients connected at once; further ones are disconnected. */
  connections: z.int().positive().default(10_000),
  /** Seconds that a client above `hwm` has to take what waits for it before it is disconnected; 0 is for ever. */
  stall: z.number().nonnegative().default(60),
  /** Seconds that a client may leave PING without an answer before it is disconnected; 0 is for ever. */
  silence: z.number().nonnegative().max(6000).default(30),
});

/** What a task of type `server+lsd` says in its manifest. */
export const lsdServerOptions = z.strictObject({
  /** Where clients connect: one endpoint or several. */
  endpoint: zmqEndpoints,
  /** Bytes of chunks that wait for one client before its jobs wait and nothing more is read from it. */
  hwm: z.int().min(HWM_MIN).default(MIB),
  limits: limits.prefault({}),
  /** Encrypts and authenticates: the mechanism CURVE, on libzmq. */
  curve: curveServerOptions.optional(),
});

export type LsdServerOptions = z.infer<typeof lsdServerOptions>;
