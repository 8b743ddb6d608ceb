import type { IncomingMessage } from "node:http";
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Logger, messageOf } from "@cocaine/core/plugin";
import { problemOfParser } from "./answer.ts";
import { Certificates } from "./certificates.ts";
import { Connection } from "./connection.ts";
import { type Address, bindError, urlOf } from "./endpoint.ts";
import { Exchange } from "./exchange.ts";
import { Http2Incoming } from "./http2/incoming.ts";
import { Http2Reply } from "./http2/reply.ts";
import { createHttp2Server, divert, type Http2Events } from "./http2/server.ts";
import { Session } from "./http2/session.ts";
import { createNowhere } from "./nowhere.ts";
import type { Terms, TlsOptions } from "./options.ts";
import type { Reply } from "./reply.ts";
import { bodyLength, isSane } from "./request.ts";
import { Routes } from "./routes.ts";
import { connectedEvent, createServer, type HttpServer } from "./server.ts";
import type { Site } from "./site.ts";
import { WebSocketExchange } from "./websocket/exchange.ts";
import { wantsWebSocket } from "./websocket/handshake.ts";
import { declineUpgrade } from "./websocket/upgrades.ts";

/** Milliseconds that connections have to take their last answers when the listener closes. */
const GOODBYE = 1000;

/** One listening socket with its connections. It is `new`, `open` once `start()` was called, then `closed`. */
export class Listener {
  readonly routes = new Routes();
  readonly terms: Terms;
  readonly #endpoint: string;
  readonly #address: Address;
  readonly #log: Logger;
  readonly #certificates: Certificates | undefined;
  readonly #server: HttpServer;
  readonly #connections = new Map<Socket, Connection>();
  readonly #sessions = new Map<Http2Session, Session>();
  readonly #nowhere;
  /** Tasks that serve WebSockets. */
  #upgrades = 0;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(endpoint: string, address: Address, terms: Terms, log: Logger) {
    this.terms = terms;
    this.#certificates = address.tls ? new Certificates() : undefined;
    this.#endpoint = endpoint;
    this.#address = address;
    this.#log = log;
    this.#nowhere = createNowhere(log);
    this.#server = this.#open();
  }

  get connections(): number {
    return this.#connections.size + this.#sessions.size;
  }

  /** The real endpoint, once it is started. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    const scheme = this.#address.tls ? "https" : "http";
    return urlOf(scheme, this.#address.host === undefined ? "*" : address, port);
  }

  /** Gives a task its routes, and its certificate. @throws `COC_HTTP_ROUTE_TAKEN`, `COC_HTTP_TLS` */
  async add(site: Site, tls: TlsOptions | undefined): Promise<void> {
    this.routes.add(site, this.#endpoint);
    // Without a listener Node answers in HTTP whoever asks for more.
    if (site.websocket !== undefined && this.#upgrades++ === 0) this.#server.on("upgrade", this.#upgrade);
    if (tls !== undefined) await this.#certificates?.add(site, tls);
  }

  remove(site: Site): void {
    if (!this.routes.remove(site)) return;
    if (site.websocket !== undefined && --this.#upgrades === 0) this.#server.off("upgrade", this.#upgrade);
    this.#certificates?.remove(site);
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
      const timer = setTimeout(() => {
        this.#server.closeAllConnections();
        for (const session of this.#sessions.values()) session.destroy();
      }, GOODBYE);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      for (const connection of this.#connections.values()) connection.last();
      for (const session of this.#sessions.values()) session.last();
    });
    return this.#closed;
  }

  #open(): HttpServer {
    const { limits, http2 } = this.terms;
    const certificates = this.#certificates;
    const server = createServer(limits, certificates, http2);
    const connected = connectedEvent(certificates);
    server.on(connected, (socket: Socket) => this.#connected(socket));
    server.on("request", (request, reply) => this.#requested(request, reply, false));
    server.on("checkContinue", (request, reply) => this.#requested(request, reply, true));
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => this.#stray(error, socket as Socket));
    server.on("timeout", (socket) => this.#still(socket));
    server.on("drop", () =>
      this.#log.debug({ connections: limits.connections }, "A connection over the limit was closed"),
    );
    if (http2) {
      const events = {
        onSession: (session: ServerHttp2Session) => this.#begun(session),
        onStream: (...stream: Parameters<Http2Events["onStream"]>) => this.#streamed(...stream),
      };
      divert(server, connected, createHttp2Server(limits, events), limits["head-timeout"] * 1000);
    }
    return server;
  }

  readonly #upgrade = (request: IncomingMessage, stream: Duplex, ahead: Buffer): void => {
    const socket = stream as Socket;
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.distrusted) return void socket.destroy();
    const site = this.#siteOf(request, connection);
    if (site.websocket !== undefined && wantsWebSocket(request)) {
      new WebSocketExchange(site, site.websocket, connection, { request, socket, ahead }).begin();
    } else {
      declineUpgrade(this.#server, connectedEvent(this.#certificates), request, socket, ahead);
    }
  };

  #connected(socket: Socket): void {
    // One that asked for another protocol comes again.
    if (this.#connections.has(socket)) return;
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
    // The answer to the one before is the last.
    if (connection.distrusted) return void request.resume();
    const site = this.#siteOf(request, connection);
    new Exchange(site, connection, request, bodyLength(request), reply).begin(expectsContinue);
  }

  #siteOf(request: IncomingMessage, connection: Connection): Site {
    if (!isSane(request)) {
      connection.distrust();
      return this.#nowhere.invalid;
    }
    if (connection.crowded) return this.#nowhere.crowded;
    return this.routes.find(request.headers.host, request.url as string) ?? this.#nowhere.unknown;
  }

  #begun(session: ServerHttp2Session): void {
    const own = new Session(session, this.terms.limits);
    this.#sessions.set(session, own);
    session.once("close", () => {
      this.#sessions.delete(session);
      own.leave();
    });
  }

  #streamed(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): void {
    const session = stream.session === undefined ? undefined : this.#sessions.get(stream.session);
    if (session === undefined) return void stream.destroy();
    const request = new Http2Incoming(stream, headers, raw);
    const reply = new Http2Reply(stream, this.terms.limits["write-timeout"] * 1000);
    const site = this.#siteOfStream(request);
    new Exchange(site, session, request, request.length, reply).begin(headers.expect?.toLowerCase() === "100-continue");
  }

  #siteOfStream(request: Http2Incoming): Site {
    if (!request.sane) return this.#nowhere.invalid;
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
