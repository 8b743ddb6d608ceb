import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type Credentials, createError, type Logger, messageOf, openCredentials } from "@cocaine/core/plugin";
import { bind, placeOf, realEndpoint } from "./endpoint.ts";
import type { SocketOptions } from "./options.ts";

/** Milliseconds in which a client must have shaken hands. */
const HANDSHAKE = 10_000;

/** A server socket that listens. */
export interface Listener {
  /** With the real port. */
  readonly endpoint: string;
  /** Of a Unix socket. */
  readonly path: string | undefined;
  /** Accepts no further connections. Resolves when those that there are have ended. */
  close(): Promise<void>;
}

/**
 * Opens what the options of a task say.
 *
 * @param accept - is given each connection, over TLS when hands are shaken.
 * @throws `COC_SOCKET_ADDRESS_IN_USE`, `COC_SOCKET_ENDPOINT`, `COC_SOCKET_TLS`
 */
export async function openListener(
  options: SocketOptions,
  log: Logger,
  accept: (socket: Socket) => void,
): Promise<Listener> {
  const { endpoint, backlog, mode } = options;
  const place = await placeOf(endpoint);
  const { server, credentials } = await createNodeServer(options, log, accept);
  server.maxConnections = options["max-connections"];
  server.on("drop", () => log.debug({ connections: server.maxConnections }, "A connection over the limit was closed"));
  try {
    await bind(server, endpoint, place, backlog, mode);
  } catch (error) {
    credentials?.close();
    throw error;
  }
  server.on("error", (error) => log.warn({ err: error }, `Not accepted: ${messageOf(error)}`));
  let closed: Promise<void> | undefined;
  return {
    endpoint: realEndpoint(server, place),
    path: place.path,
    close() {
      credentials?.close();
      closed ??= new Promise((resolve) => server.close(() => resolve()));
      return closed;
    },
  };
}

async function createNodeServer({ tls }: SocketOptions, log: Logger, accept: (socket: Socket) => void) {
  const sockets = { allowHalfOpen: true, noDelay: true };
  if (tls === undefined) {
    const server: Server = createServer(sockets, accept);
    return { server, credentials: undefined };
  }
  const credentials: Credentials = await openTls(tls, log, () => server.setSecureContext(credentials.material));
  const server = createTlsServer(
    {
      ...sockets,
      ...credentials.material,
      requestCert: tls.ca !== undefined,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE,
    },
    accept,
  );
  server.on("tlsClientError", (error) => log.debug({ err: error }, `No TLS: ${messageOf(error)}`));
  return { server, credentials };
}

async function openTls(tls: NonNullable<SocketOptions["tls"]>, log: Logger, changed: () => void): Promise<Credentials> {
  try {
    return await openCredentials(tls, {
      changed() {
        changed();
        log.info({ cert: tls.cert }, "The certificate was read again");
      },
      failed: (error) => log.error({ err: error }, `The certificate is still the one before: ${messageOf(error)}`),
    });
  } catch (cause) {
    const remedy =
      "give PEM files that this user may read, a certificate with its chain and the key that belongs to it";
    throw createError("COC_SOCKET_TLS", `${messageOf(cause)}: ${remedy}`, { cause });
  }
}
