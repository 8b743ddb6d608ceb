import { type CocaineError, createError } from "@cocaine/core/plugin";
import { MongoError, MongoNetworkError, MongoServerError, MongoServerSelectionError } from "mongodb";

export function conflict(place: string, found: string | null, expected: string | null): CocaineError {
  const message = `${place} is at revision ${found}, not ${expected}: read it again and repeat the change`;
  return createError("COC_STORAGE_CONFLICT", message);
}

export function closed(where: string): CocaineError {
  const message = `the storage ${where} is not open: call start() first, and nothing after close()`;
  return createError("COC_STORAGE_CLOSED", message);
}

export function badName(what: string, value: string, expected: string): CocaineError {
  const message = `the ${what} ${JSON.stringify(value.slice(0, 80))} is not valid: give ${expected}`;
  return createError("COC_STORAGE_NAME", message);
}

export function badValue(place: string, fault: string, cause?: unknown): CocaineError {
  return createError("COC_STORAGE_VALUE", `the value of ${place} cannot be kept: ${fault}`, { cause });
}

export function notOurs(place: string, fault: string, cause?: unknown): CocaineError {
  const message = `${place} was not written by a storage (${fault}): delete it in the database, or write it anew`;
  return createError("COC_STORAGE_VALUE", message, { cause });
}

/** Codes of MongoDB (`src/mongo/base/error_codes.yml`). */
const DUPLICATE_KEY = 11_000;
const REFUSALS: ReadonlySet<number> = new Set([13, 18]);
const STREAMLESS: ReadonlySet<number> = new Set([40_573, 40_324, 59, 115, 303]);

export const isDuplicate = (error: unknown): boolean => codeOf(error) === DUPLICATE_KEY;

/** The server has no change streams: it is no replica set, or does not know them. */
export const hasNoStreams = (error: unknown): boolean => STREAMLESS.has(codeOf(error) ?? 0);

function codeOf(error: unknown): number | undefined {
  return error instanceof MongoServerError && typeof error.code === "number" ? error.code : undefined;
}

/** The driver wrote to a connection that the server had just ended, and handed on the socket's own error. */
function isConnectionLost(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && /^(EPIPE|ECONN\w+|ERR_STREAM_\w+)$/.test(String(error.code));
}

/** What the driver's error means, and what to do. @param where the servers, without credentials */
export function explain(where: string, cause: unknown): unknown {
  const lost = isConnectionLost(cause);
  if (!lost && !(cause instanceof MongoError)) return cause;
  const { message } = cause;
  if (REFUSALS.has(codeOf(cause) ?? 0)) {
    const remedy =
      "give a user and password in the URI that may read and write there (authSource says where it is known)";
    return createError("COC_STORAGE_AUTH", `${where} refuses the user (${message}): ${remedy}`, { cause });
  }
  const away = lost || cause instanceof MongoServerSelectionError || cause instanceof MongoNetworkError;
  const remedy = "see that it runs and is reached from here, and that the URI has the right host, port and tls";
  const what = away ? "cannot be reached" : "failed";
  return createError("COC_STORAGE_SERVER", `${where} ${what} (${message})${away ? `: ${remedy}` : ""}`, { cause });
}
