import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { deploy } from "./support/host.ts";

const RELOADS = 100;

it("100 reloads fail no request of clients that stay connected, whatever they speak", async () => {
  const { host, url, manifest } = await deploy(["version", "chat"], { http2: true }, { "pool-limit": 2 });
  let over = false;
  /** Asks again and again until the reloads are over. @returns the answers, in their order, and what was none */
  const client = async (ask: () => Promise<string>) => {
    const answers: number[] = [];
    const failures: string[] = [];
    while (!over) {
      const answer = await ask().catch(String);
      if (/^\d+$/.test(answer)) answers.push(Number(answer));
      else failures.push(answer);
      // A client that fails at once would keep the reloads from their turn.
      if (failures.length > 0) break;
    }
    return { answers, failures };
  };

  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  let connections = 0;
  const http1 = client(async () => {
    const request = get(`${url}/version`, { agent });
    request.once("socket", (socket) => socket.connecting && connections++);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return text(response);
  });

  const session = connect(url);
  onTestFinished(() => session.close());
  const http2 = client(() => text(session.request({ ":path": "/version" })));

  const socket = new WebSocket(`${url.replace("http", "ws")}/chat`);
  onTestFinished(() => socket.terminate());
  const gone = once(socket, "close").then(() => "it was closed");
  await once(socket, "open");
  let messages = 0;
  const webSocket = client(async () => {
    socket.send(String(++messages));
    return Promise.race([once(socket, "message").then(([data]) => String(data)), gone]);
  });

  for (let reload = 1; reload <= RELOADS; reload++) {
    await host.deploy("app", { ...manifest, env: { VERSION: String(reload) } });
  }
  over = true;
  const all = await Promise.all([http1, http2, webSocket]);
  expect(all.map(({ failures }) => failures)).toEqual([[], [], []]);
  // Many versions answered, the one connection of each client was the first and is the last.
  expect(new Set(all[0].answers).size).toBeGreaterThan(RELOADS / 2);
  expect(new Set(all[1].answers).size).toBeGreaterThan(RELOADS / 2);
  expect([connections, session.closed, socket.readyState]).toEqual([1, false, WebSocket.OPEN]);
  // The worker that has the WebSocket is of the first version, and all others but the last ones are gone.
  expect(host.app("app").pool.size).toBeLessThanOrEqual(2);
}, 120_000);
