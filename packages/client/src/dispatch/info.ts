import type { Dispatcher } from "./dispatcher.ts";

/** What a client says of a task. */
export interface CallerInfo {
  readonly endpoints: readonly {
    readonly endpoint: string;
    readonly state: "down" | "open" | "full" | "closed";
    /** Requests that it has and that have not ended. */
    readonly unfinished: number;
  }[];
  /** Calls that have not ended. */
  readonly open: number;
  /** Those of them that wait for a server that takes them. */
  readonly waiting: number;
  /** How often a request was sent again. */
  readonly resent: number;
}

export function infoOf({ links, open, waiting, resent }: Dispatcher): CallerInfo {
  return {
    endpoints: links.list.map(({ endpoint, state, unfinished }) => ({ endpoint, state, unfinished })),
    open,
    waiting,
    resent,
  };
}
