import { readHeaders } from "./head.ts";

/** RFC 9110, 6.5.1: what says how a message is framed, routed or understood comes too late behind its body. */
const NOT_BEHIND = new Set([
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "host",
  "set-cookie",
]);

/** A response whose last chunk is its trailers: which one that is shows when it ends. */
export class TrailedBody {
  #last: Uint8Array | undefined = undefined;

  /** @returns the chunk before, if there was one. */
  shift(chunk: Uint8Array): Uint8Array | undefined {
    const before = this.#last;
    this.#last = Uint8Array.from(chunk);
    return before;
  }

  /** The trailers' names and values in turn, or what is wrong with them. */
  trailers(): string[] | string {
    if (this.#last === undefined) return "there are none";
    let pairs: unknown;
    try {
      pairs = JSON.parse(Buffer.from(this.#last).toString());
    } catch (error) {
      return `they are not JSON: ${String(error)}`;
    }
    if (!Array.isArray(pairs)) return "they are not a list";
    const head = readHeaders(200, undefined, pairs, true);
    if (typeof head === "string") return head;
    const { headers } = head;
    return headers.filter((_, at) => !NOT_BEHIND.has((headers[at - (at % 2)] as string).toLowerCase()));
  }
}

/** The last chunk of a request to a task with `trailers`. @param raw names and values in turn */
export function encodeTrailers(raw: readonly string[]): Uint8Array {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] as string, raw[at + 1] as string]);
  return Buffer.from(JSON.stringify(pairs));
}
