import type { Socket } from "node:net";
import type { DriverContext, TaskPolicyInput, z } from "@cocaine/core/plugin";
import type { Peer } from "./connection.ts";
import type { SocketOptions } from "./options.ts";

/** What a protocol is given for one connection. */
export interface SocketContext<Options>
  extends Pick<DriverContext, "app" | "task" | "log" | "trigger" | "call" | "publish"> {
  readonly options: Options;
  /** Who connected, for the job's metadata. */
  readonly peer: Peer;
  /**
   * Aborted when the task takes no more: what runs may end, and nothing new shall begin. A connection without jobs is
   * ended by itself.
   */
  readonly closing: AbortSignal;
  /**
   * Resolves when jobs may be triggered: at once, unless the app is paused or its full queue holds its clients up.
   * `call()` and `publish()` wait by themselves; before `trigger()` it is to be awaited.
   */
  ready(): Promise<void>;
  /** Ends the connection so that the client sees that something is missing: by a reset, or without the end of TLS. */
  cut(): void;
}

/** A protocol on sockets. */
export interface SocketDefinition<Options extends SocketOptions> {
  /** What the manifest's `type` says. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Made of `socketOptions` and of what is the driver's own. */
  readonly options: z.ZodType<Options>;
  /** Defaults of the policy fields of its tasks, as of every driver. */
  readonly policy?: TaskPolicyInput | ((options: Options) => TaskPolicyInput);
  /**
   * Speaks with one client: a socket of `node:net`, or of `node:tls`, whose half-closed side may still be written to. A
   * loop over it, `for await (const chunk of socket)`, leaves it open when it ends.
   *
   * @returns a promise, whose end ends the connection, and whose failure cuts it and is logged; or nothing, where the
   * protocol ends the socket by itself.
   */
  onConnection(socket: Socket, context: SocketContext<Options>): Promise<void> | void;
}
