import type { LibzmqLink } from "./libzmq-link.ts";
import type { WireEvents } from "./wire.ts";

/** Links beyond which those that nobody needs are looked for. */
const SWEEP_FROM = 1000;

/** The peers of a libzmq socket. */
export interface Links {
  readonly size: number;
  /** The peer with this routing id. */
  of(routingId: Uint8Array): LibzmqLink;
  /** The one peer of a socket that tells none apart. */
  only(): LibzmqLink;
  end(link: LibzmqLink, error?: Error): void;
  endAll(): void;
}

/**
 * Keeps a link for each peer that sent something. libzmq does not tell when one of them goes away, so those without
 * jobs are forgotten whenever there are twice as many as were needed the last time.
 */
export function createLinks(
  make: (routingId: Uint8Array) => LibzmqLink,
  { connected, disconnected, idle }: WireEvents,
): Links {
  const links = new Map<string, LibzmqLink>();
  const nobody = new Uint8Array(0);
  let sweepAt = SWEEP_FROM;

  function sweep(): void {
    for (const link of links.values()) if (link.first === undefined && !link.paused && idle(link)) end(link);
    sweepAt = Math.max(SWEEP_FROM, 2 * links.size);
  }

  function of(routingId: Uint8Array): LibzmqLink {
    const key = Buffer.from(routingId).toString("latin1");
    const known = links.get(key);
    if (known !== undefined) return known;
    if (links.size >= sweepAt) sweep();
    const link = make(routingId);
    links.set(key, link);
    connected(link);
    return link;
  }

  function end(link: LibzmqLink, error?: Error): void {
    if (link.gone) return;
    link.clear();
    links.delete(Buffer.from(link.routingId).toString("latin1"));
    disconnected(link, error);
  }

  return {
    get size() {
      return links.size;
    },
    of,
    only: () => of(nobody),
    end,
    endAll() {
      // What waits for them is still sent.
      for (const link of links.values()) disconnected(link);
      links.clear();
    },
  };
}
