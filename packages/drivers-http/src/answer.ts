import { STATUS_CODES } from "node:http";
import type { CocaineError, ErrorCode } from "@cocaine/core/plugin";

/** A failure in HTTP's own terms. What is in it reaches the client, so it tells nothing of the inside. */
export interface Problem {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** Seconds for Retry-After. */
  readonly retryAfter?: number;
  /** Methods for Allow. */
  readonly allow?: string;
  /** What Upgrade asks for. */
  readonly upgrade?: string;
}

// The failures that the driver answers with by itself.

export const NO_ROUTE: Problem = { status: 404, code: "COC_HTTP_NO_ROUTE", message: "nothing is served here" };
export const BODY_TOO_LARGE: Problem = {
  status: 413,
  code: "COC_HTTP_BODY_TOO_LARGE",
  message: "the body is larger than is taken here",
};
const HEAD_TOO_LARGE: Problem = {
  status: 431,
  code: "COC_HTTP_HEAD_TOO_LARGE",
  message: "the head of the request is larger than is taken here",
};
export const TOO_SLOW: Problem = {
  status: 408,
  code: "COC_HTTP_TIMEOUT",
  message: "the request did not come in time",
};
export const CROWDED: Problem = {
  status: 503,
  code: "COC_HTTP_PIPELINE",
  message: "too many requests of this connection wait for their answers",
  retryAfter: 1,
};
export const MALFORMED: Problem = { status: 400, code: "COC_HTTP_REQUEST", message: "the request is not valid HTTP" };
export const PAUSED: Problem = {
  status: 503,
  code: "COC_APP_PAUSED",
  message: "no requests are taken at the moment",
  retryAfter: 5,
};
export const CLOSING: Problem = {
  status: 503,
  code: "COC_SHUTDOWN",
  message: "the service is shutting down",
  retryAfter: 1,
};
export const UPGRADE_REQUIRED: Problem = {
  status: 426,
  code: "COC_HTTP_UPGRADE",
  message: "a WebSocket is served here: ask for one",
  upgrade: "websocket",
};
export const BAD_ORIGIN: Problem = {
  status: 403,
  code: "COC_HTTP_ORIGIN",
  message: "pages of that origin may not open a WebSocket here",
};
export const BAD_HEAD: Problem = { status: 502, code: "COC_HTTP_HEAD", message: "the app gave no valid answer" };

export function notAllowed(methods: readonly string[]): Problem {
  const message = "the method is not taken here";
  return { status: 405, code: "COC_HTTP_METHOD", message, allow: methods.join(", ") };
}

type Answer = Omit<Problem, "code">;

const CRASHED: Answer = { status: 502, message: "the app ended before it answered" };

/** The engine's failures. The text is ours: theirs may tell of the app's code. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  COC_QUEUE_FULL: { status: 503, message: "too many requests are waiting", retryAfter: 1 },
  COC_APP_FAILED: { status: 503, message: "the app cannot be started at the moment", retryAfter: 5 },
  COC_APP_PAUSED: PAUSED,
  COC_SHUTDOWN: CLOSING,
  COC_DEADLINE: { status: 504, message: "the app did not answer in time" },
  COC_STALLED: { status: 504, message: "the app stopped in the middle of the answer" },
  COC_WORKER_CRASHED: CRASHED,
  COC_WORKER_HUNG: CRASHED,
  COC_WORKER_KILLED: CRASHED,
  COC_PROTOCOL: CRASHED,
  COC_JOB_FAILED: { status: 500, message: "the app failed" },
};

const UNKNOWN: Answer = { status: 500, message: "the request could not be answered" };

/** What a client is told of a job's failure. */
export function problemOf(error: Pick<CocaineError, "code">): Problem {
  return { ...(ANSWERS[error.code] ?? UNKNOWN), code: error.code };
}

/** Type and body of a problem: JSON for who takes it, else text. */
export function bodyOf({ code, message }: Problem, accept: string | undefined): readonly [type: string, body: string] {
  if (accept === undefined || accept.includes("json") || (accept.includes("*/*") && !accept.includes("text/"))) {
    return ["application/json", JSON.stringify({ code, message })];
  }
  return ["text/plain; charset=utf-8", `${code}: ${message}\n`];
}

/** Headers, names and values in turn, and body of the answer that tells a problem. @param id of the request, or "" */
export function tell(problem: Problem, accept: string | undefined, id: string): [headers: string[], body: string] {
  const [type, body] = bodyOf(problem, accept);
  const headers = ["Content-Type", type, "Content-Length", String(Buffer.byteLength(body))];
  if (id !== "") headers.push("X-Request-Id", id);
  if (problem.retryAfter !== undefined) headers.push("Retry-After", String(problem.retryAfter));
  if (problem.allow !== undefined) headers.push("Allow", problem.allow);
  if (problem.upgrade !== undefined) headers.push("Upgrade", problem.upgrade);
  return [headers, body];
}

/** What a client is told of bytes that Node's parser refuses; `undefined`: the connection itself is broken. */
export function problemOfParser(code: string | undefined): Problem | undefined {
  if (code === "HPE_HEADER_OVERFLOW") return HEAD_TOO_LARGE;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return TOO_SLOW;
  return code?.startsWith("HPE_") ? MALFORMED : undefined;
}

/** An answer that Node's response does not write, the last of its connection. @param headers names and values in turn */
export function rawAnswer(status: number, headers: readonly string[], body: Buffer): Buffer {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`, "Connection: close"];
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  lines.push(`Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}
