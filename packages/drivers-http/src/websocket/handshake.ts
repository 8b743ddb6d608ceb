import type { IncomingMessage } from "node:http";
import { BAD_ORIGIN, MALFORMED, type Problem } from "../answer.ts";
import type { WebSocketOptions } from "../options.ts";

/** Whether a request asks for the protocol WebSocket, and not for another one. */
export function wantsWebSocket({ headers, method }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

/** What is wrong with a handshake (RFC 6455, 4.2.1), or with who asks. */
export function problemOfHandshake({ headers }: IncomingMessage, { origins }: WebSocketOptions): Problem | undefined {
  const key = headers["sec-websocket-key"];
  if (headers["sec-websocket-version"] !== "13" || key === undefined || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    return MALFORMED;
  }
  if (origins !== undefined && !origins.includes(headers.origin ?? "")) return BAD_ORIGIN;
  return undefined;
}

/** The subprotocols that the client offers, in its order. */
export function protocolsOf({ headers }: IncomingMessage): string[] {
  const offered = headers["sec-websocket-protocol"] ?? "";
  return [...new Set(offered.split(",").map((name) => name.trim()))].filter((name) => name !== "");
}
