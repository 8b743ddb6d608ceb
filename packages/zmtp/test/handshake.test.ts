import { describe, expect, it, vi } from "vitest";
import { bound, connected, rawServer } from "./support/sockets.ts";
import { commandOf, credentialsOf, dealerMetadata, greetingOf, stranger } from "./support/stranger.ts";

const soon = { timeout: 10_000 };
const plain = { authenticate: (user: string, password: string) => user === "ada" && password === "sesame" };

describe("a handshake", () => {
  it.each(["valueOf", "toString", "hasOwnProperty", "constructor", "__proto__", "HELLO", "WELCOME", "PING"])(
    "of NULL is ended by the command %s",
    async (name) => {
      const { endpoint, refusals } = await bound();
      await (await stranger(endpoint, greetingOf(), commandOf(name))).ended;
      await vi.waitFor(
        () =>
          expect(refusals).toMatchObject([
            { code: "COC_ZMTP_PROTOCOL", message: `the command "${name}" where READY was due` },
          ]),
        soon,
      );
    },
  );

  it.each([
    ["INITIATE before HELLO", [commandOf("INITIATE", dealerMetadata)]],
    ["READY in place of HELLO", [commandOf("READY", dealerMetadata)]],
    [
      "HELLO twice",
      [commandOf("HELLO", credentialsOf("ada", "sesame")), commandOf("HELLO", credentialsOf("ada", "sesame"))],
    ],
    ["credentials that end in the middle", [commandOf("HELLO", Buffer.from([3, 97]))]],
    ["credentials with more behind them", [commandOf("HELLO", credentialsOf("ada", "sesame", "x"))]],
    ["HELLO without credentials", [commandOf("HELLO")]],
  ])("of PLAIN is ended by %s", async (_what, commands) => {
    const { endpoint, refusals, router } = await bound({ plain });
    const peer = await stranger(endpoint, greetingOf("PLAIN"), ...commands);
    await peer.ended;
    await vi.waitFor(() => expect(refusals).toMatchObject([{ code: "COC_ZMTP_PROTOCOL" }]), soon);
    expect(peer.told()).not.toContain("READY");
    expect(router.peers).toBe(0);
  });

  it("with a wrong password is told so, and with NULL where PLAIN is asked for is ended", async () => {
    const { endpoint, refusals } = await bound({ plain });
    const wrong = await stranger(
      endpoint,
      greetingOf("PLAIN"),
      commandOf("HELLO", credentialsOf("ada", "guess")),
      commandOf("INITIATE", dealerMetadata),
      Buffer.from([0, 1, 65]),
    );
    await wrong.ended;
    expect(wrong.told()).toContain("\x05ERROR\x0daccess denied");
    await (await stranger(endpoint, greetingOf("NULL"), commandOf("READY", dealerMetadata))).ended;
    await vi.waitFor(
      () => expect(refusals).toMatchObject([{ code: "COC_ZMTP_REFUSED" }, { code: "COC_ZMTP_PROTOCOL" }]),
      soon,
    );
  });

  it("lets no byte of a message in before its end, however long the message is to be", async () => {
    const { endpoint, refusals } = await bound({ plain });
    const announced = Buffer.from([2, 0, 0, 0, 0, 3, 0, 0, 0]);
    await (await stranger(endpoint, greetingOf("PLAIN"), announced)).ended;
    await vi.waitFor(
      () =>
        expect(refusals).toMatchObject([
          { code: "COC_ZMTP_PROTOCOL", message: "a message before the handshake was done" },
        ]),
      soon,
    );
  });

  it("refuses a routing id of 256 bytes", async () => {
    const { endpoint, refusals } = await bound();
    const identity = Buffer.concat([Buffer.from("\x08Identity\0\0\x01\0", "latin1"), Buffer.alloc(256, 1)]);
    const name = Buffer.from("\x05READY", "latin1");
    const length = Buffer.alloc(8);
    length.writeUInt32BE(name.length + dealerMetadata.length + identity.length, 4);
    await (await stranger(endpoint, greetingOf(), Buffer.from([6]), length, name, dealerMetadata, identity)).ended;
    await vi.waitFor(() => expect(refusals).toMatchObject([{ code: "COC_ZMTP_REFUSED" }]), soon);
  });

  it("is ended while the router is paused, whose messages wait", async () => {
    const received: string[] = [];
    const { endpoint, router } = await bound({
      limits: { handshake: 300 },
      onMessage: (_peer, frames) => received.push(frames.map(String).join()),
    });
    const early = await stranger(endpoint, greetingOf());
    await vi.waitFor(() => expect(early.told()).toContain("READY"), soon);
    router.pause();
    early.socket.write(commandOf("READY", dealerMetadata));
    const late = await connected(endpoint);
    await vi.waitFor(() => expect(router.peers).toBe(2), soon);
    // On a socket that is read from only after the pause.
    late.dealer.send(["late"]);
    early.socket.write(Buffer.from([0, 1, 65]));
    const watcher = await connected((await bound()).endpoint);
    watcher.dealer.send(["round"]);
    await vi.waitFor(() => expect(watcher.messages).toEqual([["round"]]), soon);
    expect(received).toEqual([]);
    router.resume();
    await vi.waitFor(() => expect(received.sort()).toEqual(["A", "late"]), soon);
  });

  it("of a peer that its owner closes at once leaves nothing running", async () => {
    const gone: (Error | undefined)[] = [];
    const { endpoint, router } = await bound({
      heartbeat: { interval: 5, timeout: 10 },
      onConnect: (peer) => peer.close(),
      onDisconnect: (_peer, error) => gone.push(error),
    });
    await (await stranger(endpoint, greetingOf(), commandOf("READY", dealerMetadata))).ended;
    await vi.waitFor(() => expect(gone).toEqual([undefined]), soon);
    expect(router.peers).toBe(0);
  });
});

describe("heartbeats", () => {
  const heartbeat = { interval: 10, timeout: 5000 };

  it("are asked of a peer that speaks ZMTP 3.1, and not of one that speaks 3.0", async () => {
    const { endpoint } = await bound({ heartbeat });
    const old = await stranger(endpoint, greetingOf("NULL", 0), commandOf("READY", dealerMetadata));
    const young = await stranger(endpoint, greetingOf("NULL", 1), commandOf("READY", dealerMetadata));
    await vi.waitFor(() => expect(young.told().split("\x04PING\0\x32").length).toBeGreaterThan(5), soon);
    expect(old.told()).toContain("READY");
    expect(old.told()).not.toContain("PING");
  });

  it("do not end a peer that is paused, since it is not listened to", async () => {
    const gone: (Error | undefined)[] = [];
    const { endpoint, router } = await bound({
      heartbeat: { interval: 10, timeout: 30 },
      onDisconnect: (_peer, error) => gone.push(error),
    });
    const { dealer, messages } = await connected(endpoint);
    await vi.waitFor(() => expect(router.peers).toBe(1), soon);
    router.pause();
    const paused = await stranger(endpoint, greetingOf(), commandOf("READY", dealerMetadata));
    await vi.waitFor(() => expect(paused.told().split("\x04PING").length).toBeGreaterThan(8), soon);
    expect(gone).toEqual([]);
    router.resume();
    dealer.send(["still here"]);
    await vi.waitFor(() => expect(messages).toEqual([["still here"]]), soon);
  });

  it("are answered with the context of the question, and its first 16 bytes alone", async () => {
    const { endpoint } = await bound();
    const peer = await stranger(
      endpoint,
      greetingOf(),
      commandOf("READY", dealerMetadata),
      commandOf("PING", Buffer.from("\0\x0acontext")),
      commandOf("PING", Buffer.from(`\0\x0a${"c".repeat(20)}`)),
    );
    const answers = `\x04\x0c\x04PONGcontext\x04\x15\x04PONG${"c".repeat(16)}`;
    await vi.waitFor(() => expect(peer.told().endsWith(answers)).toBe(true), soon);
  });

  it("without their time to live break the protocol", async () => {
    const gone: (Error | undefined)[] = [];
    const { endpoint } = await bound({ onDisconnect: (_peer, error) => gone.push(error) });
    await (await stranger(endpoint, greetingOf(), commandOf("READY", dealerMetadata), commandOf("PING"))).ended;
    await vi.waitFor(() => expect(gone).toMatchObject([{ code: "COC_ZMTP_PROTOCOL" }]), soon);
  });
});

it("a dealer says what a server says that refuses it", async () => {
  const endpoint = await rawServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => undefined);
    socket.write(Buffer.concat([greetingOf(), commandOf("ERROR", Buffer.from("\x04full"))]));
  });
  await expect(connected(endpoint, { reconnect: false })).rejects.toMatchObject({
    code: "COC_ZMTP_REFUSED",
    message: expect.stringContaining("the peer refused the connection: full"),
  });
});
