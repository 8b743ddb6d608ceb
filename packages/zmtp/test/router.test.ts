import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createDealer, createRouter, type Peer, parseEndpoint } from "../src/index.ts";
import { bound, connected, rawServer, rawSocket, readAll } from "./support/sockets.ts";
import { temporaryFolder } from "./support/temporary.ts";

const soon = { timeout: 10_000 };
const greeting = (minor = 1, major = 3, mechanism = "NULL") => {
  const bytes = Buffer.alloc(64);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, major, minor]);
  bytes.write(mechanism, 12);
  return bytes;
};
const command = (name: string, rest: Buffer) => {
  const body = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), rest]);
  return Buffer.concat([Buffer.from([4, body.length]), body]);
};
const property = (name: string, value: string) =>
  Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([0, 0, 0, value.length]),
    Buffer.from(value),
  ]);
const ready = (type: string) => command("READY", property("Socket-Type", type));

describe("a stranger", () => {
  it.each([
    ["speaks HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "COC_ZMTP_PROTOCOL"],
    ["speaks ZMTP 2", greeting(0, 2), "COC_ZMTP_PROTOCOL"],
    ["wants another mechanism", greeting(1, 3, "CURVE"), "COC_ZMTP_PROTOCOL"],
    ["is of a type that does not fit", Buffer.concat([greeting(), ready("PUB")]), "COC_ZMTP_REFUSED"],
    ["sends a message before READY", Buffer.concat([greeting(), Buffer.from([0, 1, 65])]), "COC_ZMTP_PROTOCOL"],
    ["sends broken metadata", Buffer.concat([greeting(), command("READY", Buffer.from([200]))]), "COC_ZMTP_PROTOCOL"],
  ])("who %s is turned away", async (_name, bytes, code) => {
    const { endpoint, refusals, router } = await bound();
    const socket = await rawSocket(endpoint);
    const said = readAll(socket);
    socket.end(bytes);
    await said;
    await vi.waitFor(() => expect(refusals).toMatchObject([{ code }]), soon);
    expect(router.peers).toBe(0);
  });

  it("who says nothing is turned away when the handshake takes too long", async () => {
    const { endpoint, refusals } = await bound({ limits: { handshake: 50 } });
    await readAll(await rawSocket(endpoint));
    await vi.waitFor(() => expect(refusals).toMatchObject([{ code: "COC_ZMTP_HANDSHAKE_TIMEOUT" }]), soon);
  });

  it("beyond the limit of connections is turned away", async () => {
    const { endpoint, refusals } = await bound({ limits: { connections: 1 } });
    await connected(endpoint);
    await readAll(await rawSocket(endpoint));
    await vi.waitFor(() => expect(refusals).toMatchObject([{ code: "COC_ZMTP_LIMIT" }]), soon);
  });

  it("who announces a frame that is too long loses the connection", async () => {
    const gone: (Error | undefined)[] = [];
    const { endpoint } = await bound({ limits: { frame: 1000 }, onDisconnect: (_peer, error) => gone.push(error) });
    const socket = await rawSocket(endpoint);
    const said = readAll(socket);
    socket.write(Buffer.concat([greeting(), ready("DEALER"), Buffer.from([2, 0, 0, 0, 0, 0, 0, 4, 0])]));
    await said;
    await vi.waitFor(() => expect(gone).toMatchObject([{ code: "COC_ZMTP_LIMIT" }]), soon);
  });
});

describe("routing ids", () => {
  it("are generated where a peer has none, and let nobody in twice", async () => {
    const ids: Uint8Array[] = [];
    const { endpoint, refusals } = await bound({ onConnect: (peer) => ids.push(peer.routingId) });
    await connected(endpoint);
    await connected(endpoint, { routingId: "twin" });
    const second = createDealer({ routingId: "twin", reconnect: false, onMessage: () => undefined });
    onTestFinished(() => second.close());
    await second.connect(endpoint).catch((error: unknown) => error);
    await vi.waitFor(() => expect(refusals).toMatchObject([{ code: "COC_ZMTP_REFUSED" }]), soon);
    expect(ids.map((id) => [id.length, id[0]])).toEqual([
      [5, 0],
      [4, 116],
    ]);
  });

  it("decide who is let in", async () => {
    const { endpoint, refusals, router } = await bound({ accept: (id) => Buffer.from(id).toString() === "friend" });
    const stranger = createDealer({ routingId: "stranger", reconnect: false, onMessage: () => undefined });
    onTestFinished(() => stranger.close());
    await stranger.connect(endpoint).catch((error: unknown) => error);
    await vi.waitFor(() => expect(refusals).toHaveLength(1), soon);
    await connected(endpoint, { routingId: "friend" });
    expect(router.peers).toBe(1);
  });
});

describe("pressure", () => {
  it("of a peer that reads nothing is told by send(), and its end by onDrain", async () => {
    let drained = 0;
    const peers: Peer[] = [];
    const { endpoint } = await bound({
      highWaterMark: 200_000,
      onConnect: (peer) => peers.push(peer),
      onDrain: () => drained++,
    });
    let count = 0;
    const { dealer } = await connected(endpoint, { onMessage: () => count++ });
    dealer.pause();
    const chunk = Buffer.alloc(50_000);
    let sent = 0;
    const [peer] = peers;
    // The system's socket buffers take some megabytes first.
    while (sent < 1000) {
      sent++;
      if (peer?.send([chunk]) !== false) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (drained === 0) break;
      drained = 0;
    }
    expect(sent).toBeLessThan(1000);
    expect(drained).toBe(0);
    dealer.resume();
    await vi.waitFor(() => expect([drained, count]).toEqual([1, sent]), soon);
  });

  it("of a peer paused in the middle of a read keeps back what was read, in its order", async () => {
    const received: string[] = [];
    const { endpoint } = await bound({
      onMessage(peer, frames) {
        received.push(String(frames[0]));
        if (received.length % 3 !== 0) return;
        peer.pause();
        resume = () => peer.resume();
      },
    });
    let resume = () => {};
    const { dealer } = await connected(endpoint);
    const numbers = Array.from({ length: 10 }, (_, number) => String(number));
    for (const number of numbers) dealer.send([number]);
    for (const so of [3, 6, 9]) {
      await vi.waitFor(() => expect(received).toEqual(numbers.slice(0, so)), soon);
      resume();
    }
    await vi.waitFor(() => expect(received).toEqual(numbers), soon);
  });

  it("of a paused router keeps messages back, and a peer that is paused for itself stays so", async () => {
    const received: string[] = [];
    const peers: Peer[] = [];
    const { endpoint, router } = await bound({
      onConnect: (peer) => peers.push(peer),
      onMessage: (_peer, frames) => received.push(String(frames[0])),
    });
    const first = await connected(endpoint);
    const second = await connected(endpoint);
    router.pause();
    peers[0]?.pause();
    first.dealer.send(["first"]);
    second.dealer.send(["second"]);
    router.resume();
    await vi.waitFor(() => expect(received).toEqual(["second"]), soon);
    peers[0]?.resume();
    await vi.waitFor(() => expect(received).toEqual(["second", "first"]), soon);
  });
});

describe("a peer that is gone", () => {
  it("without a word is found by heartbeats", async () => {
    const gone: (Error | undefined)[] = [];
    const { endpoint, router } = await bound({
      heartbeat: { interval: 30, timeout: 150 },
      onDisconnect: (_peer, error) => gone.push(error),
    });
    const program = `import zmq,time,sys; s=zmq.Context().socket(zmq.DEALER); s.connect("${endpoint}"); s.send(b"hi"); time.sleep(60)`;
    const child = spawn(new URL("../../../.cache/venv/bin/python", import.meta.url).pathname, ["-c", program]);
    onTestFinished(() => void child.kill("SIGKILL"));
    await vi.waitFor(() => expect(router.peers).toBe(1), soon);
    child.kill("SIGSTOP");
    await vi.waitFor(() => expect(gone).toMatchObject([{ code: "COC_ZMTP_HEARTBEAT" }]), soon);
  });

  it("is sent nothing", async () => {
    const peers: Peer[] = [];
    const { endpoint, router } = await bound({ onConnect: (peer) => peers.push(peer) });
    const { dealer } = await connected(endpoint);
    await dealer.close();
    await vi.waitFor(() => expect(router.peers).toBe(0), soon);
    expect(peers[0]?.send(["lost"])).toBe(false);
  });
});

describe("a dealer", () => {
  it("connects again when its router is back", async () => {
    const first = await bound();
    const disconnects: unknown[] = [];
    const { dealer, messages } = await connected(first.endpoint, {
      reconnect: { min: 10, max: 50 },
      onDisconnect: (error) => disconnects.push(error),
    });
    await first.router.close();
    await vi.waitFor(() => expect(disconnects.length).toBeGreaterThan(2), soon);
    expect(dealer.send(["nobody is there"])).toBe(false);
    await bound({}, first.endpoint);
    await vi.waitFor(() => expect(dealer.send(["hello again"])).toBe(true), soon);
    await vi.waitFor(() => expect(messages).toContainEqual(["hello again"]), soon);
  });

  it("that is not to try again says why there is no connection", async () => {
    const { endpoint, router } = await bound();
    await router.close();
    const dealer = createDealer({ reconnect: false, onMessage: () => undefined });
    await expect(dealer.connect(endpoint)).rejects.toMatchObject({
      code: "COC_ZMTP_CONNECT",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    await expect(dealer.connect("tcp:/x")).rejects.toMatchObject({ code: "COC_ZMTP_ENDPOINT" });
    await dealer.close();
    await expect(dealer.connect(endpoint)).rejects.toMatchObject({ code: "COC_ZMTP_CLOSED" });
  });

  it("sends what is queued before it closes, and may be closed twice", async () => {
    const received: number[] = [];
    const { endpoint } = await bound({ onMessage: (_peer, frames) => received.push(frames[0]?.length ?? 0) });
    const { dealer } = await connected(endpoint);
    for (let count = 0; count < 100; count++) dealer.send([Buffer.alloc(30_000)]);
    await dealer.close();
    await dealer.close();
    await vi.waitFor(() => expect(received).toHaveLength(100), soon);
  });

  it("ends a connection to something that speaks no ZMTP", async () => {
    const endpoint = await rawServer((socket) => socket.on("error", () => socket.destroy()).end("SSH-2.0-OpenSSH\r\n"));
    const dealer = createDealer({ reconnect: false, onMessage: () => undefined });
    await expect(dealer.connect(endpoint)).rejects.toMatchObject({ cause: { code: "COC_ZMTP_PROTOCOL" } });
  });
});

describe("an endpoint", () => {
  it("may name an interface, every interface, IPv6 and any port, and is told as it is", async () => {
    expect((await bound({}, "tcp://lo:0")).endpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect((await bound({}, "tcp://*:*")).endpoint).toMatch(/^tcp:\/\/0\.0\.0\.0:\d+$/);
    expect((await bound({}, "tcp://[::1]:0")).endpoint).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
  });

  it.each([
    "",
    "tcp://",
    "tcp://lo",
    "tcp://lo:70000",
    "udp://lo:1",
    "ipc://@abstract",
    `ipc:///${"x".repeat(107)}`,
    "tcp://eth99:1",
  ])("that is wrong is refused: %s", (endpoint) => {
    expect(() => parseEndpoint(endpoint)).toThrow(expect.objectContaining({ code: "COC_ZMTP_ENDPOINT" }));
  });

  it("of an unknown interface lists those there are", () => {
    expect(() => parseEndpoint("tcp://eth99:1")).toThrow('"eth99" is no interface of this machine (lo');
  });

  it("that is taken is an error, also as a socket file that somebody listens on", async () => {
    const { endpoint } = await bound();
    const router = createRouter({ onMessage: () => undefined });
    await expect(router.bind(endpoint)).rejects.toMatchObject({ code: "COC_ZMTP_ADDRESS_IN_USE" });
    const ipc = `ipc://${join(await temporaryFolder(), "socket")}`;
    await bound({}, ipc);
    await expect(router.bind(ipc)).rejects.toMatchObject({ code: "COC_ZMTP_ADDRESS_IN_USE" });
    await router.close();
    await expect(router.bind(ipc)).rejects.toMatchObject({ code: "COC_ZMTP_CLOSED" });
  });

  it("whose socket file was left by a killed process is taken over", async () => {
    const path = join(await temporaryFolder(), "socket");
    const program = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["-e", program]), "exit");
    await connected((await bound({}, `ipc://${path}`)).endpoint);
  });

  it("that is unbound is free, and its peers stay", async () => {
    const { endpoint, router } = await bound();
    const { dealer, messages } = await connected(endpoint);
    await router.unbind(endpoint);
    const server = createServer().listen(Number(endpoint.split(":").at(-1)), "127.0.0.1");
    await once(server, "listening");
    server.close();
    dealer.send(["still here"]);
    await vi.waitFor(() => expect(messages).toEqual([["still here"]]), soon);
    await expect(router.unbind(endpoint)).rejects.toMatchObject({ code: "COC_ZMTP_ENDPOINT" });
  });
});

it("thousands of connections with random and mutated bytes harm nobody else", { timeout: 60_000 }, async () => {
  const { endpoint, router } = await bound();
  const good = await connected(endpoint);
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 0x1_0000_0000) * below);
  };
  const handshake = Buffer.concat([greeting(), ready("DEALER")]);
  const attack = async () => {
    const socket = await rawSocket(endpoint);
    const ended = readAll(socket);
    const noise = Buffer.from(Array.from({ length: random(200) }, () => random(256)));
    const bytes = random(2) === 0 ? Buffer.concat([handshake, noise]) : Buffer.concat([handshake]);
    if (random(2) === 0) bytes[random(bytes.length)] = random(256);
    socket.end(bytes);
    await ended;
  };
  const round = async () => {
    for (let count = 0; count < 30; count++) await Promise.all(Array.from({ length: 50 }, attack));
    global.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = await round();
  const after = await round();
  expect(after - before).toBeLessThan(32 * 1024 * 1024);
  await vi.waitFor(() => expect(router.peers).toBe(1), soon);
  good.dealer.send(["well"]);
  await vi.waitFor(() => expect(good.messages).toContainEqual(["well"]), soon);
});
