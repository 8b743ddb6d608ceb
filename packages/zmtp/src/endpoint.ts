import { networkInterfaces } from "node:os";
import { ZmtpError } from "./errors.ts";

/** Where a socket binds or connects. */
export type Endpoint =
  | { readonly transport: "tcp"; readonly host: string; readonly port: number }
  | { readonly transport: "ipc"; readonly path: string };

// sun_path of sockaddr_un holds 108 bytes, the last of them 0; a longer path would be cut in silence.
const PATH_LIMIT = 107;

/**
 * Reads `tcp://host:port` and `ipc:///path`. A host may be an address, a name, the name of a network interface as in
 * libzmq (its first address, IPv4 before IPv6), or `*` for all; a port `*` is 0, any free one.
 *
 * @param use - to connect, any name that is no interface is one that DNS knows, and `*` and port 0 mean nothing.
 * @defaultValue `"bind"`
 * @throws `COC_ZMTP_ENDPOINT`
 */
export function parseEndpoint(endpoint: string, use: "bind" | "connect" = "bind"): Endpoint {
  const ipc = /^ipc:\/\/(.+)$/s.exec(endpoint);
  if (ipc?.[1] !== undefined) return parsePath(endpoint, ipc[1]);
  const tcp = /^tcp:\/\/(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5}|\*)$/.exec(endpoint);
  const port = Number(tcp?.[3] === "*" ? 0 : tcp?.[3]);
  if (tcp === null || port > 65_535) {
    throw wrong(endpoint, "expected tcp://host:port, tcp://interface:port, tcp://*:port or ipc:///path");
  }
  const host = tcp[1] ?? (tcp[2] as string);
  if (use === "connect") {
    if (host === "*" || port === 0) throw wrong(endpoint, "to connect, it must name a host and a port");
    return { transport: "tcp", host: interfaceAddress(host) ?? host, port };
  }
  return { transport: "tcp", host: host === "*" ? "0.0.0.0" : hostOf(endpoint, host), port };
}

/** Writes an endpoint as libzmq does. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.transport === "ipc") return `ipc://${endpoint.path}`;
  const { host, port } = endpoint;
  return `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function parsePath(endpoint: string, path: string): Endpoint {
  if (path.startsWith("@")) throw wrong(endpoint, "abstract sockets have no folder that protects them: use a path");
  const length = Buffer.byteLength(path);
  if (length > PATH_LIMIT) {
    throw wrong(
      endpoint,
      `its path has ${length} bytes, a Unix socket's ${PATH_LIMIT} at the most: use a shorter folder`,
    );
  }
  return { transport: "ipc", path };
}

/** The first address of an interface, IPv4 before IPv6. */
function interfaceAddress(name: string): string | undefined {
  const addresses = networkInterfaces()[name] ?? [];
  const first = addresses.find(({ family }) => family === "IPv4") ?? addresses[0];
  if (first === undefined) return undefined;
  // An address that is only good on one link says on which.
  return first.family === "IPv6" && first.scopeid !== 0 ? `${first.address}%${name}` : first.address;
}

/** What to listen on: an interface's address, or the host as it is if it can be an address or a name of DNS. */
function hostOf(endpoint: string, host: string): string {
  const address = interfaceAddress(host);
  if (address !== undefined) return address;
  if (host === "localhost" || host.includes(".") || host.includes(":")) return host;
  const names = Object.keys(networkInterfaces()).join(", ");
  throw wrong(endpoint, `"${host}" is no interface of this machine (${names}), address or host name`);
}

function wrong(endpoint: string, why: string): ZmtpError {
  return new ZmtpError("COC_ZMTP_ENDPOINT", `endpoint ${JSON.stringify(endpoint)}: ${why}`);
}
