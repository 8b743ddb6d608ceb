/** Codes of the worker protocol, version 1: the first byte of a message's frame 0. */
export const Code = {
  INVOKE: 1,
  TERMINATE: 2,
  WRITE: 3,
  CANCEL: 4,
  CREDIT: 5,
  CHUNK: 10,
  CHOKE: 11,
  RETIRE: 12,
  HEARTBEAT: 13,
  HELLO: 14,
  ERROR: 15,
  LOG: 16,
} as const;

/** The version that HELLO names. */
export const PROTOCOL_VERSION = 1;
/** Flag in byte 1 of frame 0: no more chunks in this direction. */
export const FLAG_END = 1;
/** Bytes that each direction of a job may send before it needs CREDIT. */
export const WINDOW = 262_144;
/** Largest frame in bytes; a longer chunk is split by its sender. */
export const FRAME_LIMIT = 1_048_576;

/** Runs a method; carries the first request chunk, and with `end` the whole request. */
export interface InvokeMessage {
  readonly code: typeof Code.INVOKE;
  /** Number of the job on this worker's link, unique among its unfinished jobs; 1 and up. */
  readonly job: number;
  readonly method: string;
  /** JSON text `{id, attempt, deadline?, …driver's own}`. */
  readonly metadata: string;
  readonly chunk: Uint8Array | undefined;
  readonly end: boolean;
}
/** Asks the worker to take no more jobs, end what runs, and exit with 0. */
export interface TerminateMessage {
  readonly code: typeof Code.TERMINATE;
  readonly reason: string;
}
/** A further request chunk. */
export interface WriteMessage {
  readonly code: typeof Code.WRITE;
  readonly job: number;
  readonly chunk: Uint8Array | undefined;
  readonly end: boolean;
}
/** Nobody waits for this job any more. */
export interface CancelMessage {
  readonly code: typeof Code.CANCEL;
  readonly job: number;
  readonly reason: string;
}
/** Grants the receiver of this message more bytes for the stream that it sends. */
export interface CreditMessage {
  readonly code: typeof Code.CREDIT;
  readonly job: number;
  readonly bytes: number;
}
/** A response chunk; with `end` the last one, which says CHOKE as well. */
export interface ChunkMessage {
  readonly code: typeof Code.CHUNK;
  readonly job: number;
  readonly chunk: Uint8Array;
  readonly end: boolean;
}
/** The response is complete. */
export interface ChokeMessage {
  readonly code: typeof Code.CHOKE;
  readonly job: number;
}
/** The worker wants to end. */
export interface RetireMessage {
  readonly code: typeof Code.RETIRE;
  readonly reason: string;
}
/** The worker lives. */
export interface HeartbeatMessage {
  readonly code: typeof Code.HEARTBEAT;
}
/** First message of a worker. */
export interface HelloMessage {
  readonly code: typeof Code.HELLO;
  readonly hello: Hello;
}
/** The job failed. */
export interface ErrorMessage {
  readonly code: typeof Code.ERROR;
  readonly job: number;
  /** Name of the exception's type, or a code of the app's own. */
  readonly error: string;
  readonly message: string;
  /** For example `{stack}`. */
  readonly details: unknown;
}
/** A line for the log. */
export interface LogMessage {
  readonly code: typeof Code.LOG;
  readonly job: number;
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown> | undefined;
}

/** What HELLO says of a worker. */
export interface Hello {
  readonly protocol: 1;
  readonly pid: number;
  readonly language: string;
  /** Name and version of the kit, for example `python/0.1.0`. */
  readonly kit: string;
  /** The kit keeps the progress mark, so jobs may be sent ahead. */
  readonly progress?: boolean | undefined;
  /** Methods that the code has, where the language can tell. */
  readonly methods?: readonly string[] | undefined;
}

/** What the engine says to a worker. */
export type EngineMessage = InvokeMessage | TerminateMessage | WriteMessage | CancelMessage | CreditMessage;
/** What a worker says to the engine. */
export type WorkerMessage =
  | ChunkMessage
  | ChokeMessage
  | RetireMessage
  | HeartbeatMessage
  | HelloMessage
  | ErrorMessage
  | LogMessage
  | CreditMessage;
