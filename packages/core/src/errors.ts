/** A stable code: it never changes its meaning, so that callers can branch on it. All are listed in docs/errors.md. */
export type ErrorCode = `COC_${string}`;

/** What an error carries beside its message. */
export interface ErrorExtras {
  /** The error underneath, if there is one. */
  readonly cause?: unknown;
  /** JSON data for programs: the issues of a manifest, the stack of a worker's exception, its last lines. */
  readonly details?: unknown;
}

const brand: unique symbol = Symbol.for("cocaine.error");

/**
 * Every failure that Cocaine reports. Told apart by a symbol brand, not by `instanceof`, so that two copies of this
 * package in one process understand each other's errors.
 */
export class CocaineError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = "CocaineError";
    this.code = code;
    this.details = extras.details;
  }
}

/**
 * Makes an error with a stable code.
 *
 * @param code - the stable code, `COC_…`.
 * @param message - names the value that was wrong, and what to do.
 */
export function createError(code: ErrorCode, message: string, extras?: ErrorExtras): CocaineError {
  return new CocaineError(code, message, extras);
}

/** Whether a caught value is an error of Cocaine, of whichever copy of the package. */
export function isCocaineError(value: unknown): value is CocaineError {
  return typeof value === "object" && value !== null && brand in value;
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
