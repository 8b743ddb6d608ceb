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
 * Waits until nobody listens there, a second or so: libzmq closes its sockets some time after `close()`. They are not
 * unbound first, since libzmq 4.3.5 was seen to abort the process ("pipe.cpp: Assertion failed") while feeds with
 * subscribers were unbound and closed on a busy machine, and was not seen to without.
 */
export async function released(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 100 && (await isListening(endpoint)); tries++) await wait(10);
}
