import { createError } from "@cocaine/core/plugin";
import { resolveEndpoint } from "./endpoint.ts";
import { Listener } from "./listener.ts";
import { SHARED_LIMITS, type Terms, type TlsOptions } from "./options.ts";
import type { Site } from "./site.ts";

/** A task's place on a listener. */
export interface Membership {
  /** URL with the real address and port. */
  readonly endpoint: string;
  /** Clients that are connected now. */
  connections(): number;
  /** Gives the place up; the last one closes the listener. */
  leave(): Promise<void>;
}

/** The listeners that the tasks of one registry share. */
export interface Listeners {
  /**
   * Gives a task its place on the listener of an endpoint, which is opened if it is the first.
   *
   * @throws `COC_HTTP_ENDPOINT`, `COC_HTTP_ADDRESS_IN_USE`, `COC_HTTP_ROUTE_TAKEN`, `COC_HTTP_LIMITS`, `COC_HTTP_TLS`.
   */
  join(endpoint: string, terms: Terms, tls: TlsOptions | undefined, site: Site): Promise<Membership>;
}

export function createListeners(): Listeners {
  /** By address and port, so that `http://lo:8080` and `http://127.0.0.1:8080` are one. */
  const shared = new Map<string, Listener>();

  return {
    async join(endpoint, terms, tls, site) {
      const address = await resolveEndpoint(endpoint);
      // Each port 0 is a port of its own, as in libzmq.
      const key = address.port === 0 ? undefined : `${address.host ?? "*"} ${address.port}`;
      const found = key === undefined ? undefined : shared.get(key);
      if (found !== undefined) agree(endpoint, found.terms, terms, site);
      const listener = found ?? new Listener(endpoint, address, terms, site.log);
      const leave = async () => {
        listener.remove(site);
        if (!listener.routes.empty) return;
        if (key !== undefined && shared.get(key) === listener) shared.delete(key);
        await listener.close();
      };
      if (key !== undefined) shared.set(key, listener);
      try {
        await listener.add(site, tls);
        await listener.start();
      } catch (error) {
        await leave();
        throw error;
      }
      return { endpoint: listener.url, connections: () => listener.connections, leave };
    },
  };
}

/** What holds for a connection before it is known whose request comes must be the same for all. */
function agree(endpoint: string, ours: Terms, theirs: Terms, site: Site): void {
  const differ = (what: string, their: unknown, our: unknown) =>
    createError(
      "COC_HTTP_LIMITS",
      `${what} of ${site.name} is ${their}, and ${our} at other tasks of ${endpoint}: give them all the same, or another endpoint`,
    );
  for (const name of SHARED_LIMITS) {
    if (ours.limits[name] !== theirs.limits[name]) {
      throw differ(`limits.${name}`, theirs.limits[name], ours.limits[name]);
    }
  }
  for (const name of ["tls", "http2"] as const) {
    if (ours[name] !== theirs[name]) throw differ(name, theirs[name] ? "on" : "off", ours[name] ? "on" : "off");
  }
}
