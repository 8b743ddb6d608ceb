import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * Finds the address that a server listens on.
 *
 * @param host - an IP address, the name of an interface (its first address, IPv4 before IPv6), a name that is known, or
 * `*`.
 * @returns `undefined` for `*`: every interface.
 * @throws Error that says what there is, where the host is none of these.
 */
export async function resolveHost(host: string): Promise<string | undefined> {
  if (host === "*") return undefined;
  if (isIP(host) !== 0) return host;
  const addresses = networkInterfaces()[host];
  const own = addresses?.find(({ family }) => family === "IPv4") ?? addresses?.[0];
  if (own !== undefined) return own.address;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    const known = Object.keys(networkInterfaces()).join(", ");
    throw new Error(`"${host}" is neither an interface (${known}) nor a name that is known`, { cause });
  }
}
