import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A way to a TCP server that can be cut: then bytes are lost in silence in both directions, as on a cut wire. */
export interface Wire {
  readonly port: number;
  cut(): void;
  /** New connections get through again; those of before are reset. */
  heal(): void;
}

/** A wire to a port of this machine. */
export async function wireTo(port: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let open = true;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const reset = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    keep(near);
    if (!open) return;
    const far = connect({ host: "127.0.0.1", port });
    keep(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (chunk) => open && to.write(chunk));
      from.on("close", () => to.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    reset();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      open = false;
    },
    heal() {
      reset();
      open = true;
    },
  };
}
