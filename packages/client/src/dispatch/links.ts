import { parseEndpoint, ZmtpError } from "@cocaine/zmtp";
import type { Wire } from "../wires/wire.ts";
import { unreachable } from "./errors.ts";
import { Link, type LinkOptions, type LinkOwner } from "./link.ts";

/** Where a server is, and what it speaks. */
export interface Target {
  readonly endpoint: string;
  readonly wire: Wire;
}

/** The links to the servers of a list that may change. */
export interface Links {
  /** Connects to those that are new, and lets those go that are no longer listed. */
  set(targets: readonly Target[]): void;
  /** The one that takes a request now: that with the fewest unfinished ones, rather not one that refused just now. */
  choose(): Link | undefined;
  readonly list: readonly Link[];
  close(): Promise<void>;
}

export function createLinks(options: Omit<LinkOptions, "endpoint" | "wire">, owner: LinkOwner): Links {
  const links = new Map<string, Link>();
  const leaving = new Set<Link>();
  let list: Link[] = [];
  let turn = 0;

  function connect({ endpoint, wire }: Target): void {
    try {
      parseEndpoint(endpoint, "connect");
    } catch (error) {
      if (!(error instanceof ZmtpError)) throw error;
      return owner.warned(unreachable(endpoint, error));
    }
    const link = new Link({ ...options, endpoint, wire }, owner);
    links.set(endpoint, link);
    link.connect();
  }

  return {
    get list() {
      return list;
    },
    set(targets) {
      for (const [endpoint, link] of links) {
        // The same endpoint may come to speak something else, as when a task begins to stream.
        if (targets.some((target) => target.endpoint === endpoint && target.wire === link.wire)) continue;
        links.delete(endpoint);
        leaving.add(link);
        link.leave();
      }
      for (const link of leaving) if (link.state === "closed") leaving.delete(link);
      for (const target of targets) if (!links.has(target.endpoint)) connect(target);
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
