import { z } from "@cocaine/core/plugin";
import { expect, test } from "vitest";
import { curveKeyPair } from "zeromq";
import { zmqDriver, zmqEndpoints } from "../../src/index.ts";
import { file } from "../support/folder.ts";
import { boundPeer, exchange, keeper, peer, raw, send } from "../support/raw.ts";
import { echo, start } from "../support/serve.ts";

const server = curveKeyPair();
const ann = curveKeyPair();
const eve = curveKeyPair();

test("a socket that binds takes only messages of those whose keys are allowed", async () => {
  const { app, seen } = keeper();
  const { endpoint, info } = await raw(app, {
    socket: "pull",
    bind: "tcp://lo:0",
    curve: { "secret-key": server.secretKey, "allowed-keys": [ann.publicKey] },
  });
  const bad = await peer("PUSH", endpoint, server.publicKey, eve.publicKey, eve.secretKey);
  const plain = await peer("PUSH", endpoint);
  const good = await peer("PUSH", endpoint, server.publicKey, ann.publicKey, ann.secretKey);
  send(plain, "without keys");
  send(bad, "not allowed");
  await expect.poll(() => info().curve, { timeout: 10_000 }).toMatchObject({ denied: 1 });
  send(good, "allowed");
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([["allowed"]]);
});

test.each(["rep", "pair"])("a %s socket answers over CURVE", async (socket) => {
  const { endpoint } = await raw(echo, {
    socket,
    bind: "tcp://lo:0",
    curve: { "secret-key": server.secretKey, "allowed-keys": "any" },
  });
  const type = socket === "rep" ? "REQ" : "PAIR";
  const client = await peer(type, endpoint, server.publicKey, ann.publicKey, ann.secretKey);
  expect(await exchange(client, "hello")).toEqual(["hello"]);
});

test("a socket that connects proves its key, and asks for that of the other side", async () => {
  const { client, endpoint } = await boundPeer("PUSH", "-", server.publicKey, server.secretKey);
  const { app, seen } = keeper();
  const secret = await file("own.key", ann.secretKey, 0o600);
  const options = { socket: "pull", connect: endpoint };
  const wrong = keeper();
  await raw(wrong.app, { ...options, curve: { "secret-key": secret, "server-key": eve.publicKey } });
  await raw(app, { ...options, curve: { "secret-key": secret, "server-key": server.publicKey } });
  send(client, "one");
  send(client, "two");
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([["one"], ["two"]]);
  expect(wrong.seen).toEqual([]);
});

test("a driver that leaves out whom to trust does not start", async () => {
  const driver = (where: "bind" | "connect") =>
    zmqDriver({
      name: "forgetful",
      options: z.strictObject({ endpoint: zmqEndpoints }),
      socket: ({ endpoint }) => ({ type: "pull", [where]: endpoint, curve: { "secret-key": server.secretKey } }),
      onMessage: () => undefined,
    });
  await expect(start(driver("bind"), echo, { endpoint: "tcp://lo:0" })).rejects.toMatchObject({
    code: "COC_ZMQ_KEY",
    message: 'curve.allowed-keys of task "event" is missing: give the public keys of its clients, or any',
  });
  await expect(start(driver("connect"), echo, { endpoint: "tcp://lo:1" })).rejects.toMatchObject({
    code: "COC_ZMQ_KEY",
    message: 'curve.server-key of task "event" is missing: give the public key of whom it connects to',
  });
});
