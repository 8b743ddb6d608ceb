import { lstat, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import { ZmtpError } from "./errors.ts";

/** A server socket that was bound. */
export interface Listener {
  /** The real endpoint, with its port. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** What a listener tells. */
export interface ListenerEvents {
  accept(socket: Socket): void;
  /** A connection could not be taken, such as for want of file descriptors. The listener goes on. */
  failed(error: ZmtpError): void;
}

/**
 * Binds. A socket file that nobody listens on any more is removed first; no other file is.
 *
 * @throws `COC_ZMTP_ADDRESS_IN_USE`, `COC_ZMTP_ENDPOINT`
 */
export async function listen(endpoint: Endpoint, events: ListenerEvents): Promise<Listener> {
  const server = createServer({ noDelay: true }, (socket) => events.accept(socket));
  try {
    await bind(server, endpoint);
  } catch (error) {
    const stale = endpoint.transport === "ipc" && isInUse(error) && (await isStale(endpoint.path));
    if (!stale) throw explain(endpoint, error);
    try {
      await unlink(endpoint.path);
      await bind(server, endpoint);
    } catch (again) {
      throw explain(endpoint, again);
    }
  }
  server.on("error", (cause) =>
    events.failed(new ZmtpError("COC_ZMTP_CONNECT", `a connection could not be taken: ${cause.message}`, cause)),
  );
  const address = server.address();
  const real =
    endpoint.transport === "tcp" && typeof address === "object" && address !== null
      ? { ...endpoint, host: address.address, port: address.port }
      : endpoint;
  return {
    endpoint: formatEndpoint(real),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function bind(server: Server, endpoint: Endpoint): Promise<void> {
  const where = endpoint.transport === "ipc" ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

/** Whether a file is a socket that refuses connections, since nobody listens on it. */
async function isStale(path: string): Promise<boolean> {
  if (!(await isSocket(path))) return false;
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    // Any other failure, such as a backlog that is full, is one of a socket that lives.
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}

async function isSocket(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined);
  return stat?.isSocket() ?? false;
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}

function explain(endpoint: Endpoint, error: unknown): ZmtpError {
  const where = formatEndpoint(endpoint);
  if (isInUse(error)) {
    return new ZmtpError(
      "COC_ZMTP_ADDRESS_IN_USE",
      `${where} is in use: end what listens there, or take another endpoint`,
      error,
    );
  }
  return new ZmtpError("COC_ZMTP_ENDPOINT", `${where} cannot be bound: ${(error as Error).message}`, error);
}
