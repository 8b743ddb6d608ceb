import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createDealer, createRouter, parseEndpoint } from "../src/index.ts";
import { bound, connected, rawServer } from "./support/sockets.ts";
import { commandOf, dealerMetadata, greetingOf, stranger } from "./support/stranger.ts";
import { temporaryFolder } from "./support/temporary.ts";

const soon = { timeout: 10_000 };
const nothing = () => undefined;

describe("closing", () => {
  it("a router twice at once resolves both times", async () => {
    const { endpoint, router } = await bound();
    await connected(endpoint);
    await Promise.all([router.close(), router.close()]);
    await router.close();
    expect(router.peers).toBe(0);
  });

  it("a dealer twice at once resolves both times", async () => {
    const { dealer } = await connected((await bound()).endpoint);
    await Promise.all([dealer.close(), dealer.close()]);
  });

  it("a dealer that has not connected yet rejects its connect()", async () => {
    const silent = await rawServer((socket) => socket.on("error", () => socket.destroy()));
    const { endpoint, router } = await bound();
    await router.close();
    for (const nowhere of [silent, endpoint]) {
      const failures: unknown[] = [];
      const dealer = createDealer({ onMessage: nothing, onDisconnect: (error) => failures.push(error) });
      const connecting = expect(dealer.connect(nowhere)).rejects.toMatchObject({ code: "COC_ZMTP_CLOSED" });
      if (nowhere === endpoint) await vi.waitFor(() => expect(failures).toHaveLength(1), soon);
      await dealer.close();
      await connecting;
    }
  });

  it("is not held up by a peer that reads nothing", async () => {
    const { endpoint, router } = await bound({ onConnect: (peer) => void peer.send([Buffer.alloc(32 << 20)]) });
    const peer = await stranger(endpoint, greetingOf(), commandOf("READY", dealerMetadata));
    peer.socket.pause();
    await vi.waitFor(() => expect(router.peers).toBe(1), soon);
    const before = performance.now();
    await router.close();
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it("removes the socket file, and leaves no way in", async () => {
    const path = join(await temporaryFolder(), "socket");
    const { router, endpoint } = await bound({}, `ipc://${path}`);
    expect((await stat(path)).isSocket()).toBe(true);
    await router.close();
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    const dealer = createDealer({ reconnect: false, onMessage: nothing });
    await expect(dealer.connect(endpoint)).rejects.toMatchObject({ code: "COC_ZMTP_CONNECT" });
  });
});

it("a peer whose owner throws is disconnected, and the error is not swallowed", async () => {
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener);
  });
  const uncaught: Error[] = [];
  process.on("uncaughtException", (error) => uncaught.push(error));
  const gone: (Error | undefined)[] = [];
  const { endpoint } = await bound({
    onMessage() {
      throw new Error("out of cheese");
    },
    onDisconnect: (_peer, error) => gone.push(error),
  });
  const { dealer } = await connected(endpoint, { reconnect: false });
  dealer.send(["question"]);
  await vi.waitFor(() => expect(gone).toMatchObject([{ code: "COC_ZMTP_CLOSED", cause: uncaught[0] }]), soon);
  expect(uncaught).toMatchObject([{ message: "out of cheese" }]);
});

describe("an endpoint", () => {
  it("whose path is a file that is no socket is refused, and the file is spared", async () => {
    const path = join(await temporaryFolder(), "letters");
    await writeFile(path, "dear reader");
    const router = createRouter({ onMessage: nothing });
    await expect(router.bind(`ipc://${path}`)).rejects.toMatchObject({ code: "COC_ZMTP_ADDRESS_IN_USE" });
    expect(await readFile(path, "utf8")).toBe("dear reader");
  });

  it("in a folder that is not there is refused", async () => {
    const router = createRouter({ onMessage: nothing });
    const path = join(await temporaryFolder(), "missing", "socket");
    await expect(router.bind(`ipc://${path}`)).rejects.toMatchObject({ code: "COC_ZMTP_ENDPOINT" });
  });

  it("to connect to may be an interface, an address or any name", () => {
    const at = (host: string) => ({ transport: "tcp", host, port: 9100 });
    expect(parseEndpoint("tcp://lo:9100", "connect")).toEqual(at("127.0.0.1"));
    expect(parseEndpoint("tcp://broker:9100", "connect")).toEqual(at("broker"));
    expect(parseEndpoint("tcp://[fe80::1%lo]:9100", "connect")).toEqual(at("fe80::1%lo"));
  });

  it.each(["tcp://*:9100", "tcp://127.0.0.1:0", "tcp://127.0.0.1:*"])("to connect to cannot be %s", (endpoint) => {
    expect(() => parseEndpoint(endpoint, "connect")).toThrow("must name a host and a port");
  });
});

it("a routing id has 255 bytes at the most", () => {
  expect(() => createDealer({ onMessage: nothing, routingId: "i".repeat(256) })).toThrow(
    expect.objectContaining({ code: "COC_ZMTP_LIMIT" }),
  );
});
