import type { CocaineError } from "@cocaine/core/plugin";
import type { Discover } from "./discover.ts";

/** How requests are treated, by their servers and by the client. Times are milliseconds. */
export interface LsdPolicy {
  /** Goes before requests that are not urgent, here and at the server. @defaultValue false */
  readonly urgent?: boolean;
  /** Sent as it is; `server+lsd` does not heed it, nor did the server of 2011. @defaultValue false */
  readonly mailboxed?: boolean;
  /** What one run may take at its server, from when it came there. @defaultValue none */
  readonly timeout?: number;
  /** How often a request is sent again after a 503, or after its connection was lost. @defaultValue 10 */
  readonly maxRetries?: number;
}

/** The policy of one request. */
export interface LsdCallPolicy extends LsdPolicy {
  /**
   * Milliseconds since the epoch by which the response must be complete. It is told to the server, which goes by its own
   * clock. @defaultValue `lifetime` of the client from now on
   */
  readonly deadline?: number;
  /**
   * Allows to send the request again when chunks of its response were handed over already: called then, and the chunks
   * that follow are those of a new response, from its beginning. @defaultValue such a request fails
   */
  readonly onRestart?: () => void;
  /** Gives the request up. LSD has no message that would tell the server: it ends the job in vain. */
  readonly signal?: AbortSignal;
}

/** What a client of a task is made with. */
export interface LsdClientOptions {
  /** Endpoints of the task, `tcp://host:port` or `ipc:///path`, or what tells them. */
  readonly endpoints: readonly string[] | Discover;
  /** Holds for each call that does not say otherwise. */
  readonly policy?: LsdPolicy;
  /** Milliseconds until the deadline of a call that gives none; 0: it has none. @defaultValue 60,000 */
  readonly lifetime?: number;
  /** Milliseconds that a server may leave PING without an answer before it is taken for dead. @defaultValue 5,000 */
  readonly silence?: number;
  /** Bytes of chunks from one server that wait for their readers before nothing more is read from it. @defaultValue 1,048,576 */
  readonly window?: number;
  /** Requests that wait for a server that takes them; a further one fails with `COC_CLIENT_FULL`. @defaultValue 10,000 */
  readonly backlog?: number;
  /** Told what goes wrong beside the calls: a server that cannot be reached, a discovery that fails. @defaultValue nobody */
  onWarning?(error: CocaineError): void;
}
