import { z } from "@cocaine/core/plugin";
import { curveOptions } from "../socket/curve.ts";
import { zmqEndpoints } from "../socket/endpoints.ts";

const MIB = 1024 * 1024;

const limits = z.strictObject({
  /** Bytes of one frame, of a ROUTER that binds without `curve` of one message; a peer that sends more is disconnected. */
  message: z
    .int()
    .positive()
    .default(64 * MIB),
  /** Frames of one message; one of more is not taken. */
  frames: z.int().positive().default(1024),
  /** Bytes of one reply, each chunk counting 64 more; a job that answers more fails. */
  reply: z
    .int()
    .positive()
    .default(64 * MIB),
  /** Seconds that a peer above `hwm` has to take what waits for it before it is let go; 0 is for ever. */
  stall: z.number().nonnegative().default(60),
});

/** What a task of type `raw+zmq` says in its manifest. */
export const rawOptions = z
  .strictObject({
    /** The type of the socket. */
    socket: z.enum(["pull", "sub", "rep", "router", "pair"]),
    /** Where it listens: one endpoint or several. */
    bind: zmqEndpoints.optional(),
    /** Where it connects: one endpoint or several. */
    connect: zmqEndpoints.optional(),
    /** Of a SUB socket: the beginnings of messages that it wants, one or several; all messages by default. */
    subscribe: z.union([z.string().transform((one) => [one]), z.array(z.string()).nonempty()]).optional(),
    /** Bytes of replies that wait for one peer before its jobs wait and nothing more is read from it. */
    hwm: z
      .int()
      .min(64 * 1024)
      .default(MIB),
    /** Messages of each peer that the socket itself keeps, either way (ZMQ_RCVHWM, ZMQ_SNDHWM). */
    backlog: z.int().positive().default(1000),
    limits: limits.prefault({}),
    /** Encrypts and authenticates: the mechanism CURVE. */
    curve: curveOptions.optional(),
  })
  .superRefine(({ socket, bind, connect, subscribe, curve }, { addIssue }) => {
    const wrong = (path: string[], message: string) => addIssue({ code: "custom", path, message });
    if ((bind === undefined) === (connect === undefined)) wrong(["bind"], "give either bind or connect");
    if (subscribe !== undefined && socket !== "sub") wrong(["subscribe"], `a ${socket} socket has no subscriptions`);
    if (curve === undefined) return;
    const { "allowed-keys": allowed, "server-key": server } = curve;
    if (bind !== undefined && allowed === undefined)
      wrong(["curve", "allowed-keys"], "the public keys of the peers that may connect, as a list, or any");
    if (bind !== undefined && server !== undefined)
      wrong(["curve", "server-key"], "is for a socket that connects; this one binds");
    if (connect !== undefined && server === undefined)
      wrong(["curve", "server-key"], "the public key of whom the socket connects to");
    if (connect !== undefined && allowed !== undefined)
      wrong(["curve", "allowed-keys"], "is for a socket that binds; this one connects");
  });

export type RawOptions = z.infer<typeof rawOptions>;
