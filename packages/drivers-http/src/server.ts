import { createServer as createHttp, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import type { Certificates } from "./certificates.ts";
import type { SharedLimits } from "./options.ts";
import { Reply } from "./reply.ts";

export type HttpServer = Server<typeof IncomingMessage, typeof Reply>;

/** Makes Node's server of HTTP/1, over TLS where there are certificates. It does not listen yet. */
export function createServer(limits: SharedLimits, certificates: Certificates | undefined, http2: boolean): HttpServer {
  const headTimeout = limits["head-timeout"] * 1000;
  const options = {
    ServerResponse: Reply,
    insecureHTTPParser: false,
    maxHeaderSize: limits.head,
    headersTimeout: headTimeout,
    // A body has a timeout of its own, by progress: a large one may take its time.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(headTimeout / 4, 2500),
    keepAliveTimeout: limits["idle-timeout"] * 1000,
    noDelay: true,
  };
  const server =
    certificates === undefined
      ? createHttp(options)
      : createHttps({
          ...options,
          handshakeTimeout: headTimeout,
          ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
          SNICallback: (name, callback) => callback(null, certificates.contextOf(name)),
        });
  certificates?.serve((material) => "setSecureContext" in server && server.setSecureContext(material));
  // The size of the head is the limit; by default Node would leave headers out beyond a number of them.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.connections;
  server.timeout = limits["write-timeout"] * 1000;
  return server;
}

/** The event of a connection that may send its first request. */
export const connectedEvent = (certificates: Certificates | undefined) =>
  certificates === undefined ? "connection" : "secureConnection";
