import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { type Head, parseHead } from "../head.ts";
import { protocolsOf } from "./handshake.ts";

/** The head of a job's response, and the subprotocol that it chose. */
export interface Acceptance {
  readonly head: Head;
  readonly protocol: string | undefined;
}

/** Reads the first chunk of a response: with status 101 the WebSocket is accepted. @returns it, or what is wrong */
export function parseAcceptance(chunk: Uint8Array, request: IncomingMessage): Acceptance | string {
  const head = parseHead(chunk, 101);
  if (typeof head === "string") return head;
  const { protocol } = JSON.parse(Buffer.from(chunk).toString()) as { protocol?: unknown };
  if (protocol === undefined || protocol === null) return { head, protocol: undefined };
  if (typeof protocol !== "string" || !protocolsOf(request).includes(protocol)) {
    return `protocol is ${JSON.stringify(protocol)}, which the client does not offer`;
  }
  return { head, protocol };
}

/** A handshake that came. */
export interface Handshake {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What came behind the head. */
  readonly ahead: Buffer;
}

/** Answers a handshake with 101, and hands on the WebSocket. @param maxPayload bytes of a client's message */
export function accept(
  { request, socket, ahead }: Handshake,
  { head, protocol }: Acceptance,
  maxPayload: number,
  onOpen: (webSocket: WebSocket) => void,
): void {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols: () => protocol ?? false,
  });
  const { headers } = head;
  server.on("headers", (lines) => {
    for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  });
  server.handleUpgrade(request, socket, ahead, onOpen);
}
