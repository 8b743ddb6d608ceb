import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { HttpServer } from "../server.ts";

/**
 * Gives a request that asked for another protocol back to its server, as one that did not: it is answered in HTTP, as
 * RFC 9110, 7.8 has it.
 */
export function declineUpgrade(
  server: HttpServer,
  event: "connection" | "secureConnection",
  request: IncomingMessage,
  socket: Socket,
  ahead: Buffer,
): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  const { rawHeaders } = request;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.toLowerCase() !== "connection") lines.push(`${name}: ${rawHeaders[at + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), ahead]));
  server.emit(event, socket);
}
