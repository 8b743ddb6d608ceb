import type { CocaineError, JobOutcome, JobRequest, Logger, Plugin } from "@cocaine/core/plugin";
import type { Frame } from "@cocaine/zmtp";
import type { ZmqSocket } from "../socket/spec.ts";

/** What a driver of ZeroMQ is made of. */
export interface ZmqDefinition<Options> {
  /** What a manifest's `type` says. */
  readonly name: string;
  /** Older names that mean the same. */
  readonly aliases?: readonly string[];
  /** Options of its tasks. */
  readonly options: Plugin<"driver", Options>["options"];
  /** Defaults of the policy fields of its tasks. @defaultValue those of every task */
  readonly policy?: NonNullable<Plugin<"driver", Options>["policy"]>;
  /** The socket of a task with these options. */
  socket(options: Options): ZmqSocket;
  /**
   * A message came: makes jobs of it. Frames are views; do not write to them. It is not called while the task is
   * paused or the peer does not take what it is sent. It must not throw.
   */
  onMessage(frames: Uint8Array[], peer: ZmqPeer<Options>): void;
  /** Facts for the operator beside those that every such driver tells. */
  info?(options: Options): Record<string, unknown>;
}

/** Who sent a message: a client of a ROUTER, or the other end of any other socket. */
export interface ZmqPeer<Options = unknown> {
  /** Name of the task. */
  readonly task: string;
  /** The task's options. */
  readonly options: Options;
  readonly log: Logger;
  /** Its address or identity, for people. */
  readonly remote: string;
  /** The routing id of a ROUTER's client; empty otherwise. */
  readonly routingId: Uint8Array;
  /** Whether it is read from; it may change by any call of this peer. */
  readonly flowing: boolean;
  /**
   * Runs a job whose response goes to this peer. It is cancelled when the peer goes away, and waits while the peer
   * does not take what it is sent. While the task ends, the response fails with `COC_SHUTDOWN` instead.
   *
   * @param rest - further chunks of the request, from `rest[from]` on, where `request.end` is `false`.
   */
  trigger(request: JobRequest, response: ZmqResponse, rest?: readonly Uint8Array[], from?: number): ZmqJob;
  /** Runs a job whose answer goes to the app's feed; `rest` as above. Resolves when it has ended, never rejects. */
  publish(request: JobRequest, rest?: readonly Uint8Array[]): Promise<JobOutcome>;
  /** Sends it a message; dropped if it is gone. */
  send(frames: readonly Frame[]): void;
  /** Counts a message that does not become a job, logs why at `debug`, and answers with `frames` if there are any. */
  refuse(error: CocaineError, frames?: readonly Frame[]): void;
  /** Keeps the rest of a message that is not to be taken now, since `flowing` is `false`: `onMessage()` gets it then. */
  keep(frames: Uint8Array[]): void;
}

/** Where a job's response goes: each becomes whatever the peer is to be sent. After `end()` or `fail()` nothing. */
export interface ZmqResponse {
  write(chunk: Uint8Array): void;
  end(): void;
  fail(error: CocaineError): void;
}

/** A job of a peer. */
export interface ZmqJob {
  /** Cancels it, and fails its response. */
  abort(error: CocaineError): void;
}
