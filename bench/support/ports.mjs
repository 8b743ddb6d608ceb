import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const host = "127.0.0.1";

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Resolves when the port answers, and rejects when the program ends before, or does not answer in time. */
export async function answers(port, program, timeoutMs = 30_000) {
  const signal = AbortSignal.timeout(timeoutMs);
  const answered = (async () => {
    while (!(await accepts(port))) {
      if (signal.aborted) throw new Error(`Nothing answers on port ${port} after ${timeoutMs} ms`);
      await delay(50);
    }
  })();
  await program.unlessItEnds(answered);
}

function accepts(port) {
  const socket = connect({ port, host });
  return new Promise((resolve) => {
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
  }).finally(() => socket.destroy());
}
