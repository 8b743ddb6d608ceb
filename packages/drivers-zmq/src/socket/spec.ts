import type { Heartbeat } from "@cocaine/zmtp";
import type { CurveOptions } from "./curve.ts";

/** Types of sockets that a driver can have. */
export type ZmqSocketType = "router" | "rep" | "pair" | "pull" | "sub";

/** What peers may make a socket hold and wait for. */
export interface ZmqLimits {
  /** Bytes of one message; a peer that sends a larger one is disconnected. @defaultValue 67,108,864 (64 MiB) */
  readonly message?: number;
  /** Frames of one message. @defaultValue 1,024 */
  readonly frames?: number;
  /** Peers connected to a ROUTER at once, except by CURVE, where the keys decide. @defaultValue 10,000 */
  readonly connections?: number;
  /** Seconds that a peer above `hwm` may take nothing before it is let go; 0 is for ever. @defaultValue 60 */
  readonly stall?: number;
}

/** The socket of a task. */
export interface ZmqSocket {
  readonly type: ZmqSocketType;
  /** Where it listens: `tcp://<interface, address or *>:<port>` or `ipc://<absolute path>`. */
  readonly bind?: readonly string[] | undefined;
  /** Where it connects, again and again. */
  readonly connect?: readonly string[] | undefined;
  /** Of a SUB socket: beginnings of the messages that it wants; an empty one is all. @defaultValue all */
  readonly subscribe?: readonly string[] | undefined;
  /** Bytes that wait for one peer before its jobs wait and nothing more is read from it. @defaultValue 1,048,576 */
  readonly hwm?: number | undefined;
  /**
   * Messages of each peer, either way, that libzmq keeps (ZMQ_RCVHWM, ZMQ_SNDHWM). A ROUTER that only binds, without
   * CURVE, is not libzmq: nothing is kept there beside `hwm`.
   * @defaultValue 100
   */
  readonly backlog?: number | undefined;
  readonly limits?: ZmqLimits | undefined;
  /** Asks silent peers whether they live. @defaultValue none; PING is always answered */
  readonly heartbeat?: Heartbeat | undefined;
  /** Encrypts, and lets in whose key is allowed. @defaultValue none: the mechanism NULL */
  readonly curve?: CurveOptions | undefined;
}

/** A socket with all that it is to keep to. */
export type SocketRules = Omit<ZmqSocket, "limits" | "hwm" | "backlog"> & {
  readonly limits: Required<ZmqLimits>;
  readonly hwm: number;
  readonly backlog: number;
};

const LIMITS: Required<ZmqLimits> = { message: 67_108_864, frames: 1024, connections: 10_000, stall: 60 };

export function socketRules(socket: ZmqSocket): SocketRules {
  const { limits, hwm = 1_048_576, backlog = 100, ...rest } = socket;
  return { ...rest, hwm, backlog, limits: { ...LIMITS, ...limits } };
}
