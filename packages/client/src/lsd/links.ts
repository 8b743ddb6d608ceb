import { parseEndpoint, ZmtpError } from "@cocaine/zmtp";
import { unreachable } from "./errors.ts";
import { Link, type LinkOptions, type LinkOwner } from "./link.ts";

/** The links to the servers of a list that may change. */
export interface Links {
  /** Connects to those that are new, and lets those go that are no longer listed. */
  set(endpoints: readonly string[]): void;
  /** The one that takes a request now: that with the fewest unfinished ones, rather not one that answered 503 just now. */
  choose(): Link | undefined;
  readonly list: readonly Link[];
  close(): Promise<void>;
}

export function createLinks(options: Omit<LinkOptions, "endpoint">, owner: LinkOwner): Links {
  const links = new Map<string, Link>();
  const leaving = new Set<Link>();
  let list: Link[] = [];
  let turn = 0;

  function connect(endpoint: string): void {
    try {
      parseEndpoint(endpoint, "connect");
    } catch (error) {
      if (!(error instanceof ZmtpError)) throw error;
      return owner.warned(unreachable(endpoint, error));
    }
    const link = new Link({ ...options, endpoint }, owner);
    links.set(endpoint, link);
    link.connect();
  }

  return {
    get list() {
      return list;
    },
    set(endpoints) {
      for (const [endpoint, link] of links) {
        if (endpoints.includes(endpoint)) continue;
        links.delete(endpoint);
        leaving.add(link);
        link.leave();
      }
      for (const link of leaving) if (link.state === "closed") leaving.delete(link);
      for (const endpoint of endpoints) if (!links.has(endpoint)) connect(endpoint);
      list = [...links.values()];
    },
    choose() {
      const now = performance.now();
      let best: Link | undefined;
      let bestRests = false;
      // Equals take turns.
      turn++;
      for (let at = 0; at < list.length; at++) {
        const link = list[(at + turn) % list.length] as Link;
        if (link.state !== "open") continue;
        const rests = link.rests(now);
        if (best === undefined || (rests === bestRests ? link.unfinished < best.unfinished : bestRests)) {
          best = link;
          bestRests = rests;
        }
      }
      return best;
    },
    async close() {
      await Promise.all([...links.values(), ...leaving].map((link) => link.close()));
    },
  };
}
