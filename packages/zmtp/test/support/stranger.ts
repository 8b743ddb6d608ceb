import { once } from "node:events";
import type { Socket } from "node:net";
import { rawSocket } from "./sockets.ts";

/** The 64 bytes that open a connection. */
export function greetingOf(mechanism = "NULL", minor = 1): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, minor]);
  bytes.write(mechanism, 12);
  return bytes;
}

/** A short command frame. */
export function commandOf(name: string, data: Uint8Array = new Uint8Array()): Buffer {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), data]);
  return Buffer.concat([Buffer.from([4, body.length]), body]);
}

export function credentialsOf(...texts: readonly string[]): Buffer {
  return Buffer.concat(texts.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])));
}

/** Metadata that names a socket type. */
export const dealerMetadata = Buffer.from("\x0bSocket-Type\0\0\0\x06DEALER", "latin1");

/** A peer that says what its bytes say, and remembers what it was told. */
export interface Stranger {
  readonly socket: Socket;
  /** All that it was told, as latin1. */
  told(): string;
  /** The connection is over. */
  readonly ended: Promise<unknown>;
}

/** Connects to a router and says these bytes. */
export async function stranger(endpoint: string, ...bytes: readonly Uint8Array[]): Promise<Stranger> {
  const socket = await rawSocket(endpoint);
  const ended = once(socket, "close");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // It leaves when it is told to.
  socket.on("end", () => socket.end());
  socket.write(Buffer.concat(bytes));
  return { socket, ended, told: () => Buffer.concat(chunks).toString("latin1") };
}
