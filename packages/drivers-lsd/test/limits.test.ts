import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { curveKeyPair } from "zeromq";
import { connect, envelope } from "./support/lsd.ts";
import { serve } from "./support/serve.ts";

const soon = { timeout: 15_000, interval: 20 };

test("a message of more frames than limits.frames costs its client the connection, and no one else's", async () => {
  const { endpoint, info } = await serve({ task: { limits: { frames: 5 } } });
  const good = connect(endpoint("echo"));
  const bad = connect(endpoint("echo"));
  good.send("", envelope("a"), "1", envelope("b"), "2");
  for (let at = 0; at < 4; at++) await good.next();
  bad.send("", envelope("a"), "1", envelope("b"), "2", envelope("c"), "3");
  good.ask("c", "3");
  expect(await good.next()).toEqual({ uuid: "c", chunk: "3" });
  expect(info("echo")).toMatchObject({ requests: 3, refused: 0 });
});

test("a message longer than limits.message costs its client the connection, and no one else's", async () => {
  const { endpoint, info } = await serve({ task: { limits: { message: 10_000 } } });
  const good = connect(endpoint("echo"));
  const bad = connect(endpoint("echo"));
  good.ask("a", "x".repeat(9000));
  expect((await good.all()).length).toBe(2);
  bad.ask("b", "x".repeat(11_000));
  good.ask("c", "3");
  expect(await good.next()).toEqual({ uuid: "c", chunk: "3" });
  expect(info("echo")).toMatchObject({ requests: 2, refused: 0 });
});

test("more clients than limits.connections are not let in until others leave", async () => {
  const { endpoint, info } = await serve({ task: { limits: { connections: 1 } } });
  const first = connect(endpoint("echo"));
  first.ask("a", "1");
  await first.all();
  const second = connect(endpoint("echo"));
  second.ask("b", "2");
  first.ask("c", "3");
  await first.all();
  expect(info("echo")).toMatchObject({ clients: 1, requests: 2 });
  first.kill();
  expect(await second.next()).toEqual({ uuid: "b", chunk: "2" });
});

test("a client that takes nothing within limits.stall is disconnected and its job is cancelled", async () => {
  const { endpoint, info } = await serve({ task: { limits: { stall: 0.5 } } });
  const client = connect(endpoint("flood"));
  client.ask("a", "1");
  await client.all();
  client.ask("b", "3000");
  await client.next();
  process.kill(client.pid, "SIGSTOP");
  await vi.waitFor(() => expect(info("flood")).toMatchObject({ clients: 0, running: 0, abandoned: 1 }), soon);
});

test("with curve, a client whose key is allowed is served, over an encrypted connection, and no other", async () => {
  const [server, allowed, stranger] = [curveKeyPair(), curveKeyPair(), curveKeyPair()];
  const curve = { "secret-key": server.secretKey, "allowed-keys": [allowed.publicKey] };
  const { endpoint, info } = await serve({ task: { curve } });
  for (const client of [
    connect(endpoint("echo"), server.publicKey, stranger.publicKey, stranger.secretKey),
    connect(endpoint("echo")),
  ]) {
    client.ask("a", "x");
  }
  const good = connect(endpoint("echo"), server.publicKey, allowed.publicKey, allowed.secretKey);
  for (const uuid of ["b", "c"]) {
    good.ask(uuid, "x");
    expect(await good.all()).toEqual([
      { uuid, chunk: "x" },
      { uuid, completed: true },
    ]);
  }
  expect(info("echo")).toMatchObject({ requests: 2, replies: 2, running: 0 });
});

test("a task listens on several endpoints, over TCP and a Unix socket", async () => {
  const served = await serve();
  const path = `ipc://${join(served.folder, "app.sock")}`;
  const { info } = await serve({ task: { endpoint: ["tcp://lo:0", "tcp://*:0"] } });
  const any = info("echo").endpoints[1]?.replace(/\/\/.*:/, "//127.0.0.1:") ?? "";
  await served.host.deploy("other", {
    type: "js",
    args: served.app,
    tasks: { echo: { type: "server+lsd", endpoint: path } },
  });
  for (const endpoint of [info("echo").endpoints[0] ?? "", any, path]) {
    const client = connect(endpoint);
    client.ask("a", "x");
    expect(await client.next()).toEqual({ uuid: "a", chunk: "x" });
  }
});
