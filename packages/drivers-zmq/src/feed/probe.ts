import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Whether somebody listens at a real endpoint, `tcp://address:port` or `ipc://path`. */
export async function isListening(endpoint: string): Promise<boolean> {
  const tcp = /^tcp:\/\/\[?(.+?)\]?:(\d+)$/.exec(endpoint);
  const socket = tcp
    ? connect({ host: tcp[1] as string, port: Number(tcp[2]) })
    : connect({ path: endpoint.slice("ipc://".length) });
  const listening = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  });
  socket.destroy();
  return listening;
}

/**
 * Waits until nobody listens there, a second at most. libzmq closes its sockets behind one's back, and to unbind first
 * is no way out: with a subscriber leaving at that moment it aborts the process ("pipe.cpp: Assertion failed").
 */
export async function released(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 100 && (await isListening(endpoint)); tries++) await wait(10);
}
