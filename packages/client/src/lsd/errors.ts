import { type CocaineError, createError, type ErrorCode, messageOf } from "@cocaine/core/plugin";

// Why a call fails, each in one place.

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "COC_LSD_REQUEST",
  502: "COC_LSD_APP",
  503: "COC_LSD_RESOURCE",
  504: "COC_LSD_TIMEOUT",
  520: "COC_DEADLINE",
};

/** A server answered with a code of LSD. */
export function answered(endpoint: string, code: number, message: string): CocaineError {
  return createError(CODES[code] ?? "COC_LSD_SERVER", `${endpoint} answered ${code}: ${message}`, {
    details: { endpoint, code, message },
  });
}

export function lost(endpoint: string, cause: unknown): CocaineError {
  const why = cause === undefined ? "it closed it" : messageOf(cause);
  return createError("COC_LSD_LOST", `the connection to ${endpoint} was lost before the response ended (${why})`, {
    cause,
    details: { endpoint },
  });
}

export function noMoreRetries(error: CocaineError, retries: number): CocaineError {
  const { code, message, cause, details } = error;
  return createError(code, `${message}; sent again ${retries} times: raise maxRetries, or the capacity of the app`, {
    cause,
    details,
  });
}

/** @param last - why the request was not served before. */
export function deadlinePassed(sent: number, last: CocaineError | undefined): CocaineError {
  const where = sent === 0 ? "before a server could be reached" : "before a response was complete";
  const before = last === undefined ? "" : `. Before that: ${last.message}`;
  return createError("COC_DEADLINE", `the deadline of the call passed ${where}: give it more time${before}`, {
    cause: last,
  });
}

export function clientClosed(): CocaineError {
  return createError("COC_CLIENT_CLOSED", "the client is closed: make another one");
}

export function clientNotStarted(): CocaineError {
  return createError("COC_CLIENT_CLOSED", "the client has not been started: call start() first");
}

export function clientFull(limit: number): CocaineError {
  return createError(
    "COC_CLIENT_FULL",
    `${limit} requests wait for a server already (backlog): call less at once, or raise the backlog`,
  );
}

export function unreadable(endpoint: string, why: string): CocaineError {
  return createError(
    "COC_LSD_PROTOCOL",
    `${endpoint} sent a message that is no answer of LSD (${why}): see what it is`,
  );
}

export function unreachable(endpoint: string, cause: unknown): CocaineError {
  return createError("COC_LSD_UNREACHABLE", `${endpoint} cannot be reached (${messageOf(cause)}): see that it runs`, {
    cause,
  });
}

export function discoveryFailed(cause: unknown): CocaineError {
  return createError(
    "COC_LSD_DISCOVERY",
    `the endpoints cannot be found out, and are tried again (${messageOf(cause)})`,
    { cause },
  );
}
