import type { IncomingHttpHeaders } from "node:http";

/** What an exchange reads of a request, whatever version of HTTP it came by. Node's own request is one. */
export interface Incoming {
  readonly method?: string | undefined;
  /** The target; it begins with `/`. */
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** What came behind the body, in the same way. */
  readonly rawTrailers: readonly string[];
  /** The body has come to its end. */
  readonly complete: boolean;
  /** What has come of the body. */
  read(): Buffer | null;
  pause(): unknown;
  resume(): unknown;
  on(event: "data", listener: (chunk: Buffer) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  once(event: "end" | "close", listener: () => void): this;
}
