import type { CocaineError } from "../errors.ts";
import type { Logger } from "../observe/log.ts";

/** Turns the outside world into triggers, and a job's response back into the outside world. */
export interface Driver {
  /** Opens what the driver listens on or watches. Resolves when triggers can flow; rejects with a clear error. */
  start(): Promise<void>;
  /**
   * Stops triggering at once, in the middle of what was read too, and keeps what is open. Called again when the reason
   * changes.
   */
  pause?(reason: PauseReason): void;
  /** Triggers again; may be paused again before it returns. */
  resume?(): void;
  /** Takes no new jobs. Resolves when those that it triggered have ended. */
  drain(): Promise<void>;
  /** Gives every socket, timer and watcher back. May be called twice, and without `start()` or `drain()`. */
  close(): Promise<void>;
  /** Facts for the operator: the real endpoint, counts, the next run. */
  info?(): Record<string, unknown>;
}

/**
 * - `paused`: the operator paused the app
 * - `full`: the app's queue is full, and the task's `overflow` is `block`. It will go on soon: what the outside world
 *   sends waits there, and nothing is turned away.
 */
export type PauseReason = "paused" | "full";

/** What a driver is given. */
export interface DriverContext {
  /** Name of the app. */
  readonly app: string;
  /** Name of the task, which is also the method that the worker runs. */
  readonly task: string;
  /** Logger that already carries app and task. */
  readonly log: Logger;
  /** Aborted when the app ends. */
  readonly signal: AbortSignal;
  /**
   * Runs a job: the hot path, without promise or copy. Never throws; a job that cannot be taken fails through
   * `response.fail()`. Nothing of `response` is called before `trigger()` has returned.
   */
  trigger(request: JobRequest, response: ResponseSink): JobHandle;
  /** Runs a job and iterates over its response; throws the job's error. Leaving the loop early cancels the job. */
  call(request: JobRequest): AsyncIterable<Uint8Array>;
  /**
   * Runs a job whose answer goes to the app's feed: for drivers that nobody waits behind (timers, folders).
   * Resolves when the job has ended, with its outcome; never rejects.
   *
   * @param signal - cancels the job, of which the feed then hears nothing.
   * @param rest - the chunks of the request after the first, where `request.end` is `false`.
   */
  publish(request: JobRequest, signal?: AbortSignal, rest?: readonly Uint8Array[]): Promise<JobOutcome>;
  /** What the driver keeps of this task. */
  readonly state: DriverState;
  /**
   * Of a task that runs once in the cluster: the lease under which this driver runs it. The one before may have run on
   * another machine, whose clock is another; what it kept is in `state`. `undefined`: each node runs the task.
   */
  readonly lease?: { readonly term: number } | undefined;
}

/** A JSON value that a driver keeps of its task in the storage of the host, over restarts of the server. */
export interface DriverState {
  /**
   * What a driver of the same type saved last; `undefined`: nothing. It may be of other options, or of an older version.
   *
   * @throws `COC_STORAGE_…`
   */
  load(): Promise<unknown>;
  /** Has it written soon; of values that come faster than they are written the last one counts. Trouble is logged. */
  save(value: unknown): void;
}

/** How a job ended. */
export type JobOutcome =
  | { readonly status: "ok" }
  | { readonly status: "failed"; readonly error: CocaineError }
  | { readonly status: "cancelled" };

/** A job as its driver asks for it. */
export interface JobRequest {
  /** The request, or its first chunk. The engine keeps the view until it is sent: do not write to it again. */
  readonly chunk?: Uint8Array | undefined;
  /** `true`: `chunk` is the whole request. `false`: more follows through the handle. @defaultValue true */
  readonly end?: boolean | undefined;
  /** The driver's own metadata, by its name (`http`, `fs`, `timer`): merged into what the worker is told. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Absolute deadline of the caller in milliseconds since the epoch; the task's `timeout` holds if it is earlier. */
  readonly deadline?: number | undefined;
  /** Goes before the jobs that are not urgent; `true` also if the task says so. @defaultValue false */
  readonly urgent?: boolean | undefined;
}

/** Where a job's response goes. Exactly one of `end()` and `fail()` is called, exactly once, and nothing after it. */
export interface ResponseSink {
  /** Takes a response chunk. `false`: no more until `handle.resume()`; the worker then waits as well. */
  write(chunk: Uint8Array): boolean;
  /** The response is complete. */
  end(): void;
  /** The job failed. Chunks may have been written before. */
  fail(error: CocaineError): void;
  /** After `handle.write()` said `false`: the request may go on. */
  drain?(): void;
}

/** A running or waiting job, in the hands of its driver. */
export interface JobHandle {
  /** Unique in the cluster; in metadata, logs and the feed. */
  readonly id: string;
  /** Sends a further request chunk. `false`: stop until `response.drain()`; the chunk is taken all the same. */
  write(chunk: Uint8Array): boolean;
  /** The request is complete. */
  end(): void;
  /** After `response.write()` said `false`: chunks may flow again. */
  resume(): void;
  /** The caller went away: nothing more is called on the response, and the worker is told. */
  cancel(reason?: string): void;
}
