import { createError } from "@cocaine/core/plugin";
import type { Site } from "./site.ts";

/** Which task has which requests of one listener: by host, then by the longest prefix of the path. */
export class Routes {
  /** By host in lower case; "" is every host. The longest path is first. */
  readonly #hosts = new Map<string, Site[]>();
  /** Set while one task has everything: then nothing needs to be looked at. */
  #sole: Site | undefined;

  get empty(): boolean {
    return this.#hosts.size === 0;
  }

  /** @throws `COC_HTTP_ROUTE_TAKEN` where another task has the same host and path. */
  add(site: Site, endpoint: string): void {
    for (const host of site.hosts) {
      const taken = this.#hosts.get(host)?.find(({ path }) => path === site.path);
      if (taken === undefined) continue;
      const what = host === "" ? site.path : `${site.path} of host ${host}`;
      throw createError(
        "COC_HTTP_ROUTE_TAKEN",
        `The path ${what} at ${endpoint} belongs to ${taken.name} already: give ${site.name} another path, host or endpoint`,
      );
    }
    for (const host of site.hosts) {
      const sites = [...(this.#hosts.get(host) ?? []), site];
      this.#hosts.set(
        host,
        sites.sort((a, b) => b.path.length - a.path.length),
      );
    }
    this.#settle();
  }

  /** @returns whether it had any. */
  remove(site: Site): boolean {
    let found = false;
    for (const [host, sites] of this.#hosts) {
      const left = sites.filter((each) => each !== site);
      found ||= left.length < sites.length;
      if (left.length > 0) this.#hosts.set(host, left);
      else this.#hosts.delete(host);
    }
    this.#settle();
    return found;
  }

  /** Finds the task of a request by its Host header and its target, which begins with `/`. */
  find(host: string | undefined, url: string): Site | undefined {
    if (this.#sole !== undefined) return this.#sole;
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    const own = host === undefined ? undefined : this.#hosts.get(nameOf(host));
    return longest(own, path) ?? longest(this.#hosts.get(""), path);
  }

  #settle(): void {
    const sites = this.#hosts.get("");
    const sole = this.#hosts.size === 1 && sites?.length === 1 ? sites[0] : undefined;
    this.#sole = sole?.path === "/" ? sole : undefined;
  }
}

function longest(sites: readonly Site[] | undefined, path: string): Site | undefined {
  return sites?.find((site) => {
    const prefix = site.path;
    if (!path.startsWith(prefix)) return false;
    return path.length === prefix.length || prefix.endsWith("/") || path[prefix.length] === "/";
  });
}

/** `Example.com.:8080` → `example.com` */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}
