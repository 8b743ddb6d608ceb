import { unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type Endpoint, formatEndpoint } from "./endpoint.ts";
import { ZmtpError } from "./errors.ts";

/** A server socket that was bound. */
export interface Listener {
  /** The real endpoint, with its port. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Binds. A socket file that nobody listens on any more is removed first.
 *
 * @throws `COC_ZMTP_ADDRESS_IN_USE`, `COC_ZMTP_ENDPOINT`
 */
export async function listen(endpoint: Endpoint, accept: (socket: Socket) => void): Promise<Listener> {
  const server = createServer({ noDelay: true }, accept);
  try {
    await bind(server, endpoint);
  } catch (error) {
    const stale = endpoint.transport === "ipc" && isInUse(error) && !(await isAlive(endpoint.path));
    if (!stale) throw explain(endpoint, error);
    await unlink(endpoint.path);
    await bind(server, endpoint).catch((again: unknown) => {
      throw explain(endpoint, again);
    });
  }
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

/** Whether somebody listens on a socket file. */
async function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
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
