import { z } from "@cocaine/core/plugin";
import { hwm, peerLimits } from "../driver/limits.ts";
import { curveOptions } from "../socket/curve.ts";
import { zmqEndpoints } from "../socket/endpoints.ts";

const limits = z.strictObject(peerLimits);

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
    hwm,
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
