import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type Logger, messageOf } from "@cocaine/core/plugin";
import { problemOfParser } from "./answer.ts";
import { Connection } from "./connection.ts";
import { type Address, bindError, urlOf } from "./endpoint.ts";
import { Exchange } from "./exchange.ts";
import { createNowhere } from "./nowhere.ts";
import type { SharedLimits } from "./options.ts";
import { Reply } from "./reply.ts";
import { isSane } from "./request.ts";
import { Routes } from "./routes.ts";
import type { Site } from "./site.ts";

/** Milliseconds that connections have to take their last answers when the listener closes. */
const GOODBYE = 1000;

/** One listening socket with its connections. It is `new`, `open` once `start()` was called, then `closed`. */
export class Listener {
  readonly routes = new Routes();
  readonly limits: SharedLimits;
  readonly #endpoint: string;
  readonly #address: Address;
  readonly #log: Logger;
  readonly #server: Server<typeof IncomingMessage, typeof Reply>;
  readonly #connections = new Map<Socket, Connection>();
  readonly #nowhere;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(endpoint: string, address: Address, limits: SharedLimits, log: Logger) {
    this.limits = limits;
    this.#endpoint = endpoint;
    this.#address = address;
    this.#log = log;
    this.#nowhere = createNowhere(log);
    this.#server = this.#createServer();
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** The real endpoint, once it is started. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return urlOf(this.#address.host === undefined ? "*" : address, port);
  }

  /** Listens; every task that shares it waits for the same. */
  start(): Promise<void> {
    this.#started ??= new Promise((resolve, reject) => {
      const { host, port } = this.#address;
      const failed = (cause: Error) => reject(bindError(this.#endpoint, cause));
      this.#server.once("error", failed);
      this.#server.listen({ port, ...(host !== undefined && { host }) }, () => {
        this.#server.off("error", failed);
        this.#server.on("error", (error) => this.#log.warn({ err: error }, `Not accepted: ${messageOf(error)}`));
        resolve();
      });
    });
    return this.#started;
  }

  /** Stops listening; idle connections end at once, the others with their last answer. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const timer = setTimeout(() => this.#server.closeAllConnections(), GOODBYE);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      for (const connection of this.#connections.values()) connection.last();
    });
    return this.#closed;
  }

  #createServer() {
    const { limits } = this;
    const headTimeout = limits["head-timeout"] * 1000;
    const server = createServer({
      ServerResponse: Reply,
      insecureHTTPParser: false,
      maxHeaderSize: limits.head,
      headersTimeout: headTimeout,
      // A body has a timeout of its own, by progress: a large one may take its time.
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(headTimeout / 4, 2500),
      keepAliveTimeout: limits["idle-timeout"] * 1000,
      noDelay: true,
    });
    // The size of the head is the limit; by default Node would leave headers out beyond a number of them.
    server.maxHeadersCount = 0;
    server.maxConnections = limits.connections;
    server.timeout = limits["write-timeout"] * 1000;
    server.on("connection", (socket: Socket) => this.#connected(socket));
    server.on("request", (request, reply) => this.#requested(request, reply, false));
    server.on("checkContinue", (request, reply) => this.#requested(request, reply, true));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => this.#stray(error, socket as Socket));
    server.on("timeout", (socket) => this.#still(socket));
    server.on("drop", () =>
      this.#log.debug({ connections: limits.connections }, "A connection over the limit was closed"),
    );
    return server;
  }

  #connected(socket: Socket): void {
    const connection = new Connection(socket);
    this.#connections.set(socket, connection);
    socket.once("close", () => {
      this.#connections.delete(socket);
      connection.leave();
    });
  }

  #requested(request: IncomingMessage, reply: Reply, expectsContinue: boolean): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return void reply.destroy();
    new Exchange(this.#siteOf(request, connection), connection, request, reply).begin(expectsContinue);
  }

  #siteOf(request: IncomingMessage, connection: Connection): Site {
    if (!isSane(request)) return this.#nowhere.invalid;
    if (connection.crowded) return this.#nowhere.crowded;
    return this.routes.find(request.headers.host, request.url as string) ?? this.#nowhere.unknown;
  }

  /** What came is no HTTP, or came too slowly. */
  #stray(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(socket);
    const problem = problemOfParser(error.code);
    this.#log.debug({ code: error.code }, error.message);
    if (problem === undefined || connection === undefined) socket.destroy();
    else connection.refuse(problem);
  }

  /** Nothing moved on a connection for its timeout. */
  #still(socket: Socket): void {
    const connection = this.#connections.get(socket);
    // A client that takes nothing holds a job; one that waits for its job is waited for.
    if (connection?.busy && !connection.behind) socket.setTimeout(this.#server.timeout);
    else socket.destroy();
  }
}
