import type { CocaineError } from "@cocaine/core/plugin";
import type { Discover } from "../dispatch/discover.ts";
import type { CallOptions, DispatchOptions, Policy } from "../dispatch/policy.ts";

/** How requests are treated, by their servers and by the client. */
export interface LsdPolicy extends Policy {
  /** Sent as it is; `server+lsd` does not heed it, nor did the server of 2011. @defaultValue false */
  readonly mailboxed?: boolean;
}

/** The policy of one request. */
export type LsdCallPolicy = LsdPolicy & CallOptions;

/** What a client of a task is made with. */
export interface LsdClientOptions extends DispatchOptions {
  /** Endpoints of the task, `tcp://host:port` or `ipc:///path`, or what tells them. */
  readonly endpoints: readonly string[] | Discover;
  /** Holds for each call that does not say otherwise. */
  readonly policy?: LsdPolicy;
  /** Told what goes wrong beside the calls: a server that cannot be reached, a discovery that fails. @defaultValue nobody */
  onWarning?(error: CocaineError): void;
}
