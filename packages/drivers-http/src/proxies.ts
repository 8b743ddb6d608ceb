import { BlockList, isIP } from "node:net";
import type { Peer } from "./channel.ts";
import type { Incoming } from "./incoming.ts";

/** Where a request really comes from. */
export interface Origin {
  readonly remote: Peer;
  /** The client's own connection is encrypted. */
  readonly tls: boolean;
  /** The proxy that it came by, if that is a trusted one. */
  readonly proxy?: Peer;
}

/** Proxies that are believed in what they say of their clients. */
export interface Proxies {
  originOf(request: Incoming, connection: Origin): Origin;
}

/** Whether a text is an address, or a network as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [, address = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && (prefix === undefined || Number(prefix) <= (version === 4 ? 32 : 128));
}

/** @param networks - addresses and networks for which `isNetwork()` holds. */
export function createProxies(networks: readonly string[]): Proxies {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  const trusted = (address: string) => list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");

  return {
    originOf({ headers }, connection) {
      const proxy = connection.remote;
      if (!trusted(proxy.address)) return connection;
      const hops = listOf(headers["x-forwarded-for"]);
      // Each proxy adds whom it got the request from: the last one that is no proxy of ours is the client. What stands
      // before it anyone may have written.
      let at = hops.length;
      let remote = proxy;
      while (at > 0 && trusted(remote.address)) {
        const hop = peerOf(hops[at - 1] as string);
        if (hop === undefined) break;
        remote = hop;
        at--;
      }
      const protocols = listOf(headers["x-forwarded-proto"]);
      const protocol = protocols.length === hops.length ? protocols[at] : protocols.at(-1);
      return { remote, tls: protocol === undefined ? connection.tls : protocol.toLowerCase() === "https", proxy };
    },
  };
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`; a port that is not told is 0. */
function peerOf(text: string): Peer | undefined {
  if (isIP(text) !== 0) return { address: text, port: 0 };
  const [, six, four, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = six ?? four ?? "";
  return isIP(address) === 0 ? undefined : { address, port: Number(port ?? 0) };
}
