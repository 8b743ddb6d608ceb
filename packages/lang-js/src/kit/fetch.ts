import type { HttpRequest, Job } from "../job.ts";
import type { Method } from "./methods.ts";

/** Methods whose requests have no body (Fetch standard, `Request`). */
const BODILESS = new Set(["GET", "HEAD"]);

/**
 * The method that answers web requests by `fetch(request, job)` of a module's default export (WinterCG).
 *
 * @throws where there is none.
 */
export function fetchMethod(exported: unknown, file: string): Method {
  if (typeof exported !== "object" || exported === null || !("fetch" in exported)) throw noFetch(file);
  const { fetch } = exported;
  if (typeof fetch !== "function") throw noFetch(file);
  return {
    name: "fetch",
    streams: true,
    handler: (whole, job) => fetch.call(exported, requestOf(whole, job), job),
  };
}

function requestOf(whole: Uint8Array | undefined, job: Job): Request {
  const { method, url, headers, tls } = job.metadata.http as HttpRequest;
  const init: RequestInit & { duplex: "half" } = { method, headers: headersOf(headers), duplex: "half" };
  if (!BODILESS.has(method)) init.body = whole === undefined ? ReadableStream.from(job.request) : new Uint8Array(whole);
  const request = new Request(urlOf(url, headers, tls), init);
  // The signal is made when it is asked for: few look at it, and making one for each request costs.
  Object.defineProperty(request, "signal", { get: () => job.signal, configurable: true });
  return request;
}

function headersOf(given: HttpRequest["headers"]): Headers {
  const headers = new Headers();
  for (const [name, value] of given) if (!name.startsWith(":")) headers.append(name, value);
  return headers;
}

function urlOf(target: string, headers: HttpRequest["headers"], tls: boolean): URL {
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "localhost";
  // The target may be a whole URL, or begin with two slashes: it is never taken for another host.
  if (target.startsWith("/")) return new URL(`${tls ? "https" : "http"}://${host}${target}`);
  return new URL(target, `${tls ? "https" : "http"}://${host}/`);
}

function noFetch(file: string): Error {
  return new Error(`${file} has no default export with a function fetch: add "export default { fetch(request) {…} }"`);
}
