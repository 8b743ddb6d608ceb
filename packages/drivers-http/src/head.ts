/** The head of a response, ready to be written. */
export interface Head {
  readonly status: number;
  readonly reason: string | undefined;
  /** Names and values in turn, without those that belong to the connection. */
  readonly headers: string[];
  /** What Content-Length says; -1 without it. */
  readonly length: number;
  /** The app gave an X-Request-Id of its own. */
  readonly requestId: boolean;
  /** The last chunk of the response is its trailers. */
  readonly trailers: boolean;
}

/** RFC 9110, 5.6.2: what a header's name is made of. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110, 5.5: what a header's value must not have, and what is no byte. */
const NOT_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const DIGITS = /^\d{1,15}$/;
/** RFC 9110, 7.6.1: headers between us and the client alone, which an app has no say in. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Reads the first chunk of a response: JSON `{status, headers: [[name, value], …], reason?, trailers?}`.
 *
 * @param switching - 101 where a response may say so.
 * @returns the head, or what is wrong with it.
 */
export function parseHead(chunk: Uint8Array, switching?: 101): Head | string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString());
  } catch (error) {
    return `it is not JSON: ${String(error)}`;
  }
  if (typeof value !== "object" || value === null) return "it is not a JSON object";
  const { status, headers, reason, trailers } = value as Record<string, unknown>;
  // 1xx are not answers, and 101 would give the connection away.
  const answers = Number.isInteger(status) && (status as number) >= 200 && (status as number) <= 999;
  if (!answers && (switching === undefined || status !== switching)) {
    return `status is ${JSON.stringify(status)}, not a number from 200 to 999`;
  }
  if (reason !== undefined && (typeof reason !== "string" || NOT_VALUE.test(reason))) return "reason is not plain text";
  if (!Array.isArray(headers)) return "headers is not a list";
  return readHeaders(status as number, reason, headers, trailers === true);
}

/** Checks a list of names and values. @returns the head that has them, or what is wrong with them */
export function readHeaders(
  status: number,
  reason: string | undefined,
  pairs: readonly unknown[],
  trailers: boolean,
): Head | string {
  const headers: string[] = [];
  let length = -1;
  let requestId = false;
  let named: Set<string> | undefined;
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return "a header is not a list of name and value";
    const [name, value] = pair as unknown[];
    if (typeof name !== "string" || typeof value !== "string") return "a header is not a list of two strings";
    if (!TOKEN.test(name)) return `a header's name is ${JSON.stringify(name)}`;
    if (NOT_VALUE.test(value)) return `the value of the header ${name} is ${JSON.stringify(value)}`;
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower)) {
      if (lower === "connection") named = new Set([...(named ?? []), ...value.toLowerCase().split(/[\s,]+/)]);
      continue;
    }
    if (lower === "content-length") {
      if (!DIGITS.test(value) || (length >= 0 && length !== Number(value))) return `Content-Length is ${value}`;
      const repeated = length >= 0;
      length = Number(value);
      // RFC 9110, 8.6: 204 has none.
      if (repeated || status === 204) continue;
    } else if (lower === "x-request-id") requestId = true;
    headers.push(name, value);
  }
  if (named !== undefined) return { status, reason, headers: without(headers, named), length, requestId, trailers };
  return { status, reason, headers, length, requestId, trailers };
}

/** Drops the headers that Connection names, except the one that frames the body. */
function without(headers: readonly string[], named: ReadonlySet<string>): string[] {
  return headers.filter((_, index) => {
    const name = (headers[index - (index % 2)] as string).toLowerCase();
    return name === "content-length" || !named.has(name);
  });
}
