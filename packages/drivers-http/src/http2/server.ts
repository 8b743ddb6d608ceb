import type { IncomingHttpHeaders } from "node:http";
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { SharedLimits } from "../options.ts";
import type { HttpServer } from "../server.ts";

/** Requests of one connection that run at once. */
const STREAMS = 128;
/** Bytes of each body that a client may send ahead. */
const AHEAD = 262_144;
/** What a client that knows that the server speaks HTTP/2 begins with (RFC 9113, 3.4), as far as no method does. */
const PREFACE = Buffer.from("PRI ");

/** What hears of clients. */
export interface Http2Events {
  onSession(session: ServerHttp2Session): void;
  onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): void;
}

/** Makes the server of HTTP/2, which gets its connections from that of HTTP/1. */
export function createHttp2Server(limits: SharedLimits, { onSession, onStream }: Http2Events): Http2Server {
  const server = createServer({
    settings: { maxConcurrentStreams: STREAMS, maxHeaderListSize: limits.head, initialWindowSize: AHEAD },
    // The size of the head is the limit: Node refuses the stream of a larger one.
    maxHeaderListPairs: limits.head,
  });
  server.on("session", onSession);
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw?: unknown) => {
    // First of all: one that its client has reset may have failed already. The close that follows tells all there is.
    stream.on("error", () => undefined);
    if (!stream.destroyed) onStream(stream, headers, raw as readonly string[]);
  });
  // What a client does wrong ends its session, which tells of it.
  server.on("sessionError", () => undefined);
  return server;
}

/** Gives the clients that speak HTTP/2 to its server: by what TLS has agreed on, or by the first bytes. */
export function divert(server: HttpServer, event: "connection" | "secureConnection", http2: Http2Server, wait: number) {
  const http1 = server.listeners(event);
  server.removeAllListeners(event);
  const serveHttp1 = (socket: Socket) => {
    for (const listener of http1) listener.call(server, socket);
  };
  server.on(event, (socket: Socket) => {
    if (event === "secureConnection") {
      if ((socket as TLSSocket).alpnProtocol === "h2") http2.emit("connection", socket);
      else serveHttp1(socket);
      return;
    }
    const late = () => socket.destroy();
    socket.setTimeout(wait, late);
    socket.once("error", late);
    socket.once("data", (chunk: Buffer) => {
      socket.setTimeout(0, late);
      socket.off("error", late);
      socket.pause();
      socket.unshift(chunk);
      // A session reads what is there by itself; what flows is lost to it.
      if (chunk.subarray(0, PREFACE.length).equals(PREFACE)) return void http2.emit("connection", socket);
      serveHttp1(socket);
      socket.resume();
    });
  });
}
