import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import * as zmq from "zeromq";
import { bound, connected } from "./support/sockets.ts";
import { temporaryFolder } from "./support/temporary.ts";

const run = promisify(execFile);
const soon = { timeout: 15_000 };

/** Starts the ROUTER in C, which ends by itself after so many messages. */
async function routerInC(endpoint: string, count: number) {
  const program = join(await temporaryFolder(), "router");
  await run("cc", ["-o", program, new URL("fixtures/router.c", import.meta.url).pathname, "-lzmq"]);
  const child = spawn(program, [endpoint, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { endpoint: String(line).trim(), ended };
}

describe.each(["tcp", "ipc"])("a ROUTER in C on libzmq, over %s", (transport) => {
  const place = async () => (transport === "tcp" ? "tcp://127.0.0.1:*" : `ipc://${join(await temporaryFolder(), "c")}`);

  it("keeps the order of thousands of our dealer's messages, and their empty frames", async () => {
    const { endpoint, ended } = await routerInC(await place(), 5000);
    const { dealer, messages } = await connected(endpoint);
    for (let number = 0; number < 5000; number++) dealer.send([String(number), "", "end"]);
    await vi.waitFor(() => expect(messages).toHaveLength(5000), soon);
    expect(messages).toEqual(Array.from({ length: 5000 }, (_, number) => [String(number), "", "end"]));
    expect(await ended).toEqual([0, null]);
  });

  it("gives our dealer its long frames back byte for byte", async () => {
    const { endpoint, ended } = await routerInC(await place(), 2);
    const received: Uint8Array[][] = [];
    const { dealer } = await connected(endpoint, { onMessage: (frames) => received.push(frames) });
    const sent = [1 << 20, 5 << 20].map((size) => Buffer.alloc(size, "a frame of many bytes "));
    for (const frame of sent) dealer.send([frame, "short", frame]);
    await vi.waitFor(() => expect(received).toHaveLength(2), soon);
    for (const [index, frame] of sent.entries()) {
      const [first, middle, last] = received[index] ?? [];
      expect([frame.equals(first ?? Buffer.of()), String(middle), frame.equals(last ?? Buffer.of())]).toEqual([
        true,
        "short",
        true,
      ]);
    }
    expect(await ended).toEqual([0, null]);
  });
});

it("a Router of the zeromq package and ours talk both ways", async () => {
  const received: string[][] = [];
  const { endpoint } = await bound({
    onConnect: (peer) => peer.send(["welcome"]),
    onMessage: (_peer, frames) => received.push(frames.map(String)),
  });
  const socket = new zmq.Router({ routingId: "theirs", linger: 0 });
  onTestFinished(() => socket.close());
  socket.connect(endpoint);
  // It knows ours by an id of its own making, which the first message tells.
  const [id, text] = await socket.receive();
  expect(String(text)).toBe("welcome");
  await socket.send([id as Buffer, "thanks", ""]);
  await vi.waitFor(() => expect(received).toEqual([["thanks", ""]]), soon);
});

/** Answers libzmq's question whether a user may come in (RFC 27): it is asked in the same process. */
async function doorkeeper() {
  const socket = new zmq.Reply();
  await socket.bind("inproc://zeromq.zap.01");
  onTestFinished(() => socket.close());
  const serve = async () => {
    for await (const [version, id, , , , , user, password] of socket) {
      const right = String(user) === "ada" && String(password) === "sesame";
      await socket.send([version ?? "", id ?? "", right ? "200" : "400", "", "", ""]);
    }
  };
  return serve();
}

it("a server of libzmq lets our dealer in by PLAIN with the right password alone", async () => {
  const keeping = doorkeeper();
  keeping.catch((error: unknown) => expect.fail(String(error)));
  const server = new zmq.Router({ plainServer: true, linger: 0, zapDomain: "test" });
  onTestFinished(() => server.close());
  await server.bind("tcp://127.0.0.1:*");
  const endpoint = String(server.lastEndpoint);
  const { dealer } = await connected(endpoint, { plain: { username: "ada", password: "sesame" } });
  dealer.send(["let in"]);
  expect(String((await server.receive())[1])).toBe("let in");
  const wrong = connected(endpoint, { plain: { username: "ada", password: "guess" }, reconnect: false });
  await expect(wrong).rejects.toMatchObject({
    code: "COC_ZMTP_REFUSED",
    message: expect.stringContaining("the peer refused the connection: 400"),
  });
});
