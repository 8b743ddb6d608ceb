import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";

// Why a call fails, each in one place.

export function lost(endpoint: string, cause: unknown): CocaineError {
  const why = cause === undefined ? "it closed it" : messageOf(cause);
  return createError("COC_CLIENT_LOST", `the connection to ${endpoint} was lost before the response ended (${why})`, {
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

export function unreadable(endpoint: string, type: string, why: string): CocaineError {
  return createError(
    "COC_CLIENT_PROTOCOL",
    `${endpoint} sent a message that is no answer of ${type} (${why}): see what it is`,
  );
}

export function unreachable(endpoint: string, cause: unknown): CocaineError {
  return createError(
    "COC_CLIENT_UNREACHABLE",
    `${endpoint} cannot be reached (${messageOf(cause)}): see that it runs`,
    {
      cause,
    },
  );
}

export function discoveryFailed(cause: unknown): CocaineError {
  return createError(
    "COC_CLIENT_DISCOVERY",
    `the servers cannot be found out, and are tried again (${messageOf(cause)})`,
    { cause },
  );
}

/** @param type - of the task, where it is known */
export function notCallable(app: string, task: string, type: string | undefined): CocaineError {
  const why = type === undefined ? "none of the servers has it" : `it is one of ${type}`;
  const message = `task "${task}" of app "${app}" cannot be called (${why}): give the app a task of server+zmq or server+lsd`;
  return createError("COC_CLIENT_TASK", message);
}
