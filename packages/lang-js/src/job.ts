/** What app code gets and gives. */

/**
 * A method: an exported function of the app's module, named as the task. It is called when the request is whole; the
 * bytes are a Node `Buffer`, so that `request.toString()` is their text.
 */
export type Handler = (request: Uint8Array) => Reply | Promise<Reply>;

/**
 * A method that takes the job as well. It is called at once: a request that comes in pieces is `undefined`, and read
 * by `job.request` or `job.bytes()`.
 */
export type JobHandler = (request: Uint8Array | undefined, job: Job) => Reply | Promise<Reply>;

/**
 * A response: bytes and strings as they are, nothing for `undefined` and `null`, a stream chunk by chunk, a WinterCG
 * `Response` with its head for web tasks, and anything else as JSON.
 */
export type Reply = Chunk | ChunkStream | Response | undefined | null;

/** A piece of a response. */
export type Chunk = Uint8Array | ArrayBuffer | string | number | boolean | object;

/** Many pieces: what a generator function returns, a Node `Readable`, a `ReadableStream`. */
export type ChunkStream = AsyncIterable<Chunk | undefined | null> | Iterable<Chunk | undefined | null>;

export type LogLevel = "debug" | "info" | "warn" | "error";

/** One job, as the code that runs it sees it. */
export interface Job {
  /** Unique in the cluster; the same in the log and the feed. */
  readonly id: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** When the caller stops waiting, in milliseconds since the epoch. */
  readonly deadline: number | undefined;
  /** Name of the task. */
  readonly method: string;
  /** All that the engine says of the job, with the driver's own part. */
  readonly metadata: JobMetadata;
  /**
   * The request's chunks as they come, and the one chunk of a request that is whole. The sender waits while nobody
   * iterates. Can be iterated once.
   */
  readonly request: AsyncIterable<Uint8Array>;
  /** The whole request, however it comes. */
  bytes(): Promise<Uint8Array>;
  /**
   * Accepts the WebSocket that the job of a `websocket` task is, once. It closes with 1000 when the method returns. A
   * method that does not accept refuses, by a `Response`.
   */
  accept(options?: AcceptOptions): JobSocket;
  /** Aborted when nobody waits for the job any more. */
  readonly signal: AbortSignal;
  /** Writes a line to the app's log, which names the job. */
  log(level: LogLevel, message: string, fields?: Record<string, unknown>): void;
}

/** How a WebSocket is accepted. */
export interface AcceptOptions {
  /** One of the subprotocols that the client offers, in `job.metadata.websocket.protocols`. @defaultValue none */
  readonly protocol?: string;
  /** Further headers of the answer. */
  readonly headers?: Headers | readonly (readonly [name: string, value: string])[];
}

/** A WebSocket. To iterate over it gives the client's messages, text as strings, and ends when it is closed. */
export interface JobSocket extends AsyncIterable<string | Uint8Array> {
  /** The subprotocol that was accepted. */
  readonly protocol: string | undefined;
  /** How the client closed it, or 1006 if it vanished; known once iterating has ended. */
  readonly closed: SocketClose | undefined;
  /** Sends a message; resolves when the client takes more. */
  send(message: string | Uint8Array): Promise<void>;
  /**
   * Closes it.
   *
   * @param code - 1000, or 3000 to 4999. @defaultValue 1000
   * @param reason - up to 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): Promise<void>;
}

/** How a WebSocket was closed (RFC 6455, 7.4). */
export interface SocketClose {
  readonly code: number;
  readonly reason: string;
}

/** Metadata of a job. */
export interface JobMetadata {
  readonly id: string;
  readonly attempt: number;
  readonly deadline?: number;
  /** For web tasks. */
  readonly http?: HttpRequest;
  /** For the tasks of web drivers that serve WebSockets. */
  readonly websocket?: HttpRequest & { readonly protocols: readonly string[] };
  /** What other drivers say, by their name: `fs`, `timer`, `cron`, `socket`. */
  readonly [driver: string]: unknown;
}

/** The request of a web task without its body. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly remote: { readonly address: string; readonly port: number };
  readonly tls: boolean;
}
