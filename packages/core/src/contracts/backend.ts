import type { Limits } from "../engine/limits.ts";
import type { Logger } from "../observe/log.ts";
import type { EngineMessage, WorkerMessage } from "../protocol/messages.ts";
import type { Launch } from "./language.ts";

/** Spawns workers and carries messages to them. Transport and life, no policy: only the engine decides. */
export interface Backend {
  /** Opens the bus. Rejects with `COC_BACKEND_…` where it cannot, or where limits or user cannot be had. */
  start(): Promise<void>;
  /** Starts a worker. Does not throw: a worker that cannot be started exits, and its exit says why. */
  spawn(launch: Launch, spec: WorkerSpec): WorkerLink;
  /** Ends every worker that is left, at once, and the bus. May be called twice. */
  close(): Promise<void>;
}

export interface BackendContext {
  /** Name of the app. */
  readonly app: string;
  readonly log: Logger;
  /** Folder for sockets and progress files that only its owner can list, there when `start()` is called. */
  readonly runtimeDir: string;
  /** What each worker may use. @defaultValue as the host itself */
  readonly limits?: Limits;
  /** User that the workers run as, by name or number. @defaultValue that of the host */
  readonly user?: string | number | undefined;
  /** Group of the workers; only beside a user. @defaultValue the user's own */
  readonly group?: string | number | undefined;
}

/** What the engine decides about a worker before it starts. */
export interface WorkerSpec {
  /** The routing id that the worker must come with, `[A-Za-z0-9._-]+`; each is used once. */
  readonly identity: string;
  /** Seconds of silence after which the engine takes the worker for hung. */
  readonly heartbeat: number;
  /** Jobs that the worker runs at once. */
  readonly concurrency: number;
}

/** One worker as its backend sees it. */
export interface WorkerLink {
  /** Id of the process; absent for a thread or where the start failed. */
  readonly pid: number | undefined;
  /** Sends a message; it leaves within this turn of the loop. `false`: much is waiting already, or the worker is gone. */
  send(message: EngineMessage): boolean;
  /** Sets the one handler of the worker's messages, which come in order. Called once, right after `spawn()`. */
  onMessage(handler: (message: WorkerMessage) => void): void;
  /** Sets the one handler of a broken protocol or refused bytes; the engine then ends the worker. */
  onError(handler: (error: Error) => void): void;
  /** Resolves when the worker, and for a process its standard output, have ended; never rejects. */
  readonly exited: Promise<Exit>;
  /**
   * Ends the worker: asks it (SIGTERM), waits `graceMs` milliseconds, then kills its whole process group.
   * 0 kills at once. Resolves at the exit; may be called again with a shorter grace.
   */
  stop(graceMs: number): Promise<void>;
  /** Number of the last job that the worker began, by its progress mark; `undefined` where none is kept. */
  begun(): number | undefined;
  /** Bytes of memory that are resident for the worker alone; absent where the backend cannot know. Never rejects. */
  rss?(): Promise<number | undefined>;
  /** The last lines that the worker wrote to stdout and stderr, oldest first, 200 at most. */
  output(): readonly string[];
}

/** How a worker ended. */
export interface Exit {
  /** Exit status, or `null` if a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not be started, or what ended it, where status and signal alone do not say. */
  readonly error?: Error;
}
