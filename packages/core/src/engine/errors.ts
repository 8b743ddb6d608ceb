import type { Exit } from "../contracts/backend.ts";
import { type CocaineError, createError } from "../errors.ts";

// The failures that an engine answers with, each in one place.

export function queueFull(app: string, limit: number): CocaineError {
  return createError(
    "COC_QUEUE_FULL",
    `the queue of app "${app}" is full (queue-limit ${limit}): try again later, or raise queue-limit or pool-limit`,
  );
}

export function dropped(app: string, limit: number): CocaineError {
  return createError(
    "COC_QUEUE_FULL",
    `dropped from the full queue of app "${app}" (queue-limit ${limit}) for a newer job`,
  );
}

/** @param failure - what its last run ended with, where it was to be run again. */
export function deadlinePassed(task: string, waiting: boolean, failure: CocaineError | undefined): CocaineError {
  const where = waiting ? "while it waited for a worker" : "before the worker ended it";
  const before = failure === undefined ? "" : `. Its last run ended with ${failure.code}: ${failure.message}`;
  return createError(
    "COC_DEADLINE",
    `the deadline of a job of task "${task}" passed ${where}: raise its timeout, or the pool-limit${before}`,
    { cause: failure },
  );
}

export function jobStalled(task: string, timeoutMs: number): CocaineError {
  return createError(
    "COC_STALLED",
    `a job of task "${task}" neither took nor gave a chunk for ${timeoutMs / 1000} s: raise the task's stall-timeout, or see what the app waits for`,
  );
}

export function shuttingDown(app: string): CocaineError {
  return createError("COC_SHUTDOWN", `app "${app}" is shutting down: try another node, or again later`);
}

export function appPaused(app: string): CocaineError {
  return createError("COC_APP_PAUSED", `app "${app}" is paused: resume it first`);
}

/** A driver triggered whose lease is over. */
export function leaseLost(task: string): CocaineError {
  return createError(
    "COC_LEASE_LOST",
    `the job of task "${task}" was not begun: this node holds the task's lease no more, and another may run it`,
  );
}

/** The app's own code failed the job. */
export function jobFailed(task: string, name: string, message: string, details: unknown): CocaineError {
  return createError("COC_JOB_FAILED", `task "${task}" failed with ${name}: ${message}`, {
    details: { error: name, message, details },
  });
}

export function appFailed(app: string, cause: CocaineError | undefined): CocaineError {
  const why = cause === undefined ? "" : ` ${cause.message}`;
  return createError(
    "COC_APP_FAILED",
    `app "${app}" cannot start its workers and is tried again from time to time.${why}`,
    { cause },
  );
}

export function noWorker(app: string): CocaineError {
  return createError("COC_WORKER_START", `the first worker of app "${app}" ended before it was given a job`);
}

export function startTimedOut(worker: string, timeoutMs: number, output: readonly string[]): CocaineError {
  const message = `worker ${worker} said no HELLO within ${timeoutMs / 1000} s (startup-timeout) and was killed${tail(output)}`;
  return createError("COC_WORKER_START", message, { details: { output } });
}

export function startFailed(worker: string, exit: Exit, output: readonly string[]): CocaineError {
  const message = `worker ${worker} did not start: ${told(exit)}${tail(output)}`;
  return createError("COC_WORKER_START", message, { cause: exit.error, details: { output } });
}

export function workerCrashed(worker: string, exit: Exit, output: readonly string[]): CocaineError {
  const message = `worker ${worker} ended while it ran the job: ${told(exit)}${tail(output)}`;
  return createError("COC_WORKER_CRASHED", message, { cause: exit.error, details: { output } });
}

export function workerHung(worker: string, timeoutMs: number): CocaineError {
  return createError(
    "COC_WORKER_HUNG",
    `worker ${worker} was silent for ${timeoutMs / 1000} s (heartbeat-timeout) and was killed`,
  );
}

/** Another job of the same worker ran over its time and had to be killed with it. */
export function workerKilled(worker: string, reason: string): CocaineError {
  return createError("COC_WORKER_KILLED", `worker ${worker} was killed while it ran the job: ${reason}`);
}

function told(exit: Exit): string {
  if (exit.error !== undefined) return exit.error.message;
  if (exit.signal !== null) return `ended by ${exit.signal}`;
  return `exit status ${exit.code}`;
}

/** The end of what the worker wrote: enough for a traceback's last frames and its message. */
function tail(output: readonly string[]): string {
  return output.length === 0 ? "" : `; its last lines:\n${output.slice(-30).join("\n")}`;
}
