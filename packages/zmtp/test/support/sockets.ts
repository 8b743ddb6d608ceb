import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import {
  createDealer,
  createRouter,
  type Dealer,
  type DealerOptions,
  type Router,
  type RouterOptions,
} from "../../src/index.ts";

/** A router that is bound, and closed after the test. */
export async function bound(options: Partial<RouterOptions> = {}, at = "tcp://127.0.0.1:0") {
  const refusals: Error[] = [];
  const router: Router = createRouter({
    onMessage: (peer, frames) => peer.send(frames),
    onRefused: (_remote, error) => refusals.push(error),
    ...options,
  });
  onTestFinished(() => router.close());
  return { router, endpoint: await router.bind(at), refusals };
}

/** A dealer that is connected, with what it was sent; closed after the test. */
export async function connected(endpoint: string, options: Partial<DealerOptions> = {}) {
  const messages: string[][] = [];
  const dealer: Dealer = createDealer({
    onMessage: (frames) => messages.push(frames.map(String)),
    ...options,
  });
  onTestFinished(() => dealer.close());
  await dealer.connect(endpoint);
  return { dealer, messages };
}

/** A stream to a router's TCP endpoint that speaks no ZMTP by itself. */
export async function rawSocket(endpoint: string): Promise<Socket> {
  const port = Number(endpoint.split(":").at(-1));
  const socket = connect(port, "127.0.0.1");
  // A peer that resets the connection is as good as one that ends it.
  socket.on("error", () => socket.destroy());
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return socket;
}

/** A server of plain bytes, for clients of ZMTP. */
export async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer(onConnection);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** All bytes until the other side ends the connection. */
export function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  return new Promise((resolve) => socket.once("close", () => resolve(Buffer.concat(chunks))));
}
