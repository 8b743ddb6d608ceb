import type { IncomingMessage } from "node:http";
import type { Channel } from "./channel.ts";
import type { Incoming } from "./incoming.ts";
import type { Origin } from "./proxies.ts";
import type { Site } from "./site.ts";
import { encodeTrailers } from "./trailers.ts";

const SANE_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The metadata `http` of a job, or `undefined` where the head is ambiguous (RFC 9112, 3.2: more than one Host). */
export function describe(request: Incoming, channel: Channel, site: Site) {
  const raw = request.rawHeaders;
  const headers: [string, string][] = [];
  let hosts = 0;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
    headers.push([name, raw[at + 1] as string]);
  }
  if (hosts > 1) return undefined;
  const { remote, tls, proxy } = originOf(request, channel, site);
  return {
    method: request.method,
    url: request.url,
    httpVersion: request.httpVersion,
    headers,
    remote,
    local: channel.local,
    tls,
    path: site.path,
    ...(proxy !== undefined && { proxy }),
  };
}

/** Where a request comes from, as far as the task believes its proxies. */
export function originOf(request: Incoming, channel: Channel, { proxies }: Site): Origin {
  return proxies === undefined ? channel : proxies.originOf(request, channel);
}

/**
 * What of a request goes with its trigger.
 *
 * @param length - of its body, 0 without one
 * @param trailers - the job is given the trailers as its last chunk, which come last of all
 */
export function firstOf(request: Incoming, length: number, trailers: boolean): { chunk?: Uint8Array; end: boolean } {
  if (length === 0) return trailers ? { chunk: encodeTrailers([]), end: true } : { end: true };
  const chunk = trailers ? null : request.read();
  return chunk === null ? { end: request.complete && !trailers } : { chunk, end: request.complete };
}

/** Bytes that Content-Length promises, 0 without a body, -1 where the body is chunked. */
export function bodyLength(request: IncomingMessage): number {
  const { headers } = request;
  if (headers["transfer-encoding"] !== undefined) return -1;
  const length = headers["content-length"];
  return length === undefined ? 0 : Number(length);
}

/** The client's own id of a request, if it can be trusted in a log. */
export function requestIdOf(request: Incoming): string | undefined {
  const id = request.headers["x-request-id"];
  return typeof id === "string" && SANE_ID.test(id) ? id : undefined;
}

/**
 * Whether a request can be told from the next, and its target be understood; makes the target one that begins with
 * `/`. What Node's parser refuses does not come here.
 */
export function isSane(request: IncomingMessage): boolean {
  // The parser takes versions that do not look like this on the wire.
  if (request.httpVersion !== "1.1" && request.httpVersion !== "1.0") return false;
  // RFC 9112, 6.1: HTTP/1.0 knows no transfer codings, so its framing is faulty.
  if (request.httpVersion === "1.0" && request.headers["transfer-encoding"] !== undefined) return false;
  return toOriginForm(request);
}

/**
 * Makes the target of a request one that begins with `/` (RFC 9112, 3.2.2: a server must take the absolute form).
 *
 * @returns `false` where it cannot be: another form, or an absolute one that contradicts the Host header.
 */
function toOriginForm(request: IncomingMessage): boolean {
  const url = request.url ?? "";
  if (url.charCodeAt(0) === 47) return true;
  const [, authority, rest] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(url) ?? [];
  if (authority === undefined || rest === undefined) return false;
  if (request.headers.host !== undefined && request.headers.host.toLowerCase() !== authority.toLowerCase())
    return false;
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
  return true;
}
