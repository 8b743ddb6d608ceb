import type { Incoming } from "./incoming.ts";
import type { CorsOptions } from "./options.ts";

/** What a preflight is told that does not ask for a method of its own list: those that browsers know. */
const METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];

/** Which pages may read what a task answers (Fetch Standard, 3.3: the CORS protocol). */
export interface Cors {
  /** Headers of the answer to a preflight; `undefined`: the request is none. */
  preflight(request: Incoming): string[] | undefined;
  /** Replaces what the headers of an answer, names and values in turn, say about it. */
  apply(request: Incoming, headers: string[]): string[];
}

/** @param taken - methods that the task takes; `undefined`: all. */
export function createCors(options: CorsOptions, taken: readonly string[] | undefined): Cors {
  const { origins, credentials, headers, expose } = options;
  const methods = (options.methods ?? taken ?? METHODS).join(", ");
  const maxAge = options["max-age"];

  /** What both kinds of answers say. An answer for one origin must not be given to another by a cache. */
  function common({ headers: { origin } }: Incoming): string[] {
    if (origins === undefined) return ["Access-Control-Allow-Origin", "*"];
    const said = ["Vary", "Origin"];
    if (origin === undefined || !origins.includes(origin)) return said;
    said.push("Access-Control-Allow-Origin", origin);
    if (credentials) said.push("Access-Control-Allow-Credentials", "true");
    return said;
  }

  return {
    preflight(request) {
      const asked = request.headers["access-control-request-headers"];
      if (request.method !== "OPTIONS" || request.headers.origin === undefined) return undefined;
      if (request.headers["access-control-request-method"] === undefined) return undefined;
      const said = [...common(request), "Access-Control-Allow-Methods", methods];
      const allowed = headers?.join(", ") ?? asked;
      if (headers === undefined) said.push("Vary", "Access-Control-Request-Headers");
      if (allowed !== undefined && allowed !== "") said.push("Access-Control-Allow-Headers", allowed);
      if (maxAge !== undefined) said.push("Access-Control-Max-Age", String(maxAge));
      return said;
    },
    apply(request, given) {
      const others = given.filter((_, at) => !/^access-control-/i.test(given[at - (at % 2)] as string));
      const said = common(request);
      if (expose !== undefined) said.push("Access-Control-Expose-Headers", expose.join(", "));
      return [...others, ...said];
    },
  };
}
