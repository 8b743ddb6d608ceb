import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { vi } from "vitest";

/** A client that sends what it is told, byte for byte. */
export interface Raw {
  readonly socket: Socket;
  /** All that came so far. */
  received(): string;
  send(text: string | Uint8Array): void;
  /** Waits until what came fits. */
  until(pattern: RegExp): Promise<string>;
  /** Waits until the server has closed the connection; resolves with all that came. */
  closed(): Promise<string>;
}

export async function dial(port: number): Promise<Raw> {
  const socket = connect(port, "127.0.0.1");
  const chunks: string[] = [];
  let over = false;
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => chunks.push(chunk));
  socket.on("close", () => (over = true));
  await once(socket, "connect");
  // A reset is an end, too; tests look at what came before it.
  socket.on("error", () => (over = true));
  const received = () => chunks.join("");
  return {
    socket,
    received,
    send: (text) => void socket.write(text),
    async until(pattern) {
      await vi.waitFor(() => pattern.test(received()) || Promise.reject(new Error(`not yet: ${received()}`)), {
        timeout: 10_000,
        interval: 5,
      });
      return received();
    },
    async closed() {
      await vi.waitFor(() => over || Promise.reject(new Error("still open")), { timeout: 10_000, interval: 5 });
      return received();
    },
  };
}

/** Sends bytes on a connection of their own, and resolves with all that comes until the server closes it. */
export async function exchange(port: number, text: string | Uint8Array): Promise<string> {
  const raw = await dial(port);
  raw.send(text);
  return raw.closed();
}

/** A request head with `Host`, and `Connection: close` so that the answer has an end. */
export const last = (line: string, headers = "", body = ""): string =>
  `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n${body}`;
