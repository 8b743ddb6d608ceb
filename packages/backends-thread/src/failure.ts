import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";

/** A language that only has a command was given to this backend. */
export function noModule(command: string): CocaineError {
  return createError(
    "COC_WORKER_START",
    `The backend "thread" starts modules, and this app's language offers the command ${command}: set backend to "process"`,
  );
}

export function notOpen(app: string): CocaineError {
  return createError(
    "COC_WORKER_START",
    `The thread backend of app "${app}" is not open: start() it first, and do not use it after close()`,
  );
}

/** The thread ended by itself before it was told to. */
export function threadFailed(module: string, cause: unknown): CocaineError {
  return createError("COC_WORKER_START", `The worker's thread (${module}) ended: ${messageOf(cause)}`, { cause });
}

export function noLimits(app: string, limit: string): CocaineError {
  return createError(
    "COC_BACKEND_LIMITS",
    `Threads share the limits of their process: leave engine.limits.${limit} of app "${app}" out, or set engine.backend to "process"`,
  );
}

export function noAccount(app: string, user: string | number): CocaineError {
  return createError(
    "COC_BACKEND_ACCOUNT",
    `Threads run as the user of their process: leave engine.user ("${user}") of app "${app}" out, or set engine.backend to "process"`,
  );
}
