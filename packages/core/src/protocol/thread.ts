import type { MessagePort } from "node:worker_threads";

/**
 * What the default export of a kit's thread module is called with. It loads the app's code, speaks the worker protocol
 * over `port` in batches (batch.ts), and resolves when it was told TERMINATE and its last job has ended.
 */
export interface ThreadTask {
  /** Takes an `ArrayBuffer` with the messages of one turn of the loop, a {@link ThreadOutput} or a {@link ThreadProgress}. */
  readonly port: MessagePort;
  /** Four bytes for each place of {@link Control}. */
  readonly control: SharedArrayBuffer;
  /** The `args` of the launch. */
  readonly args: readonly string[];
  /** Seconds of silence after which the worker counts as hung. */
  readonly heartbeat: number;
  /** Jobs that the worker may be given at once. */
  readonly concurrency: number;
}

/** What code wrote to its standard output or error. */
export interface ThreadOutput {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

/**
 * The progress mark of a kit that cannot use {@link Control.PROGRESS}: native code may outlive its thread, and then the
 * memory that it shares with the engine.
 */
export interface ThreadProgress {
  /** Descriptor of a file whose first four bytes are the mark, big-endian. The engine closes it. */
  readonly progress: number;
}

/** Places in the memory that engine and thread share, as an `Int32Array`. */
export const Control = {
  /** The progress mark: number of the last job that began. */
  PROGRESS: 0,
  /**
   * Bytes that the thread posted and the engine has not taken. The thread adds them before it posts, and above
   * {@link THREAD_WINDOW} waits for it to fall: as one does that writes to a full pipe.
   */
  WAITING: 1,
  SIZE: 2,
} as const;

/** Bytes that may wait for the engine before a thread has to. */
export const THREAD_WINDOW = 8 * 1_048_576;
