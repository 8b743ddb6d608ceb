import { memoryStorage } from "@cocaine/core";
import type { Storage } from "@cocaine/core/plugin";
import { createDealer } from "@cocaine/zmtp";
import { expect, it, onTestFinished, vi } from "vitest";
import { publicKeyOf } from "../../src/index.ts";
import { manifest } from "../support/host.ts";
import { forge, rawClient, startRemote } from "../support/remote.ts";

/** A storage whose writes to a collection take their time, as those to one far away do. */
function slowStorage(slowOne = "seen") {
  const storage = memoryStorage({ shared: true });
  let waiting: (() => void)[] = [];
  let held = false;
  const slow: Storage = {
    ...storage,
    async put(collection, key, value, options) {
      if (held && collection === slowOne) await new Promise<void>((resolve) => waiting.push(resolve));
      return storage.put(collection, key, value, options);
    },
  };
  return {
    storage: slow,
    hold() {
      held = true;
    },
    get holds() {
      return waiting.length;
    },
    release() {
      held = false;
      for (const go of waiting) go();
      waiting = [];
    },
  };
}

/** A socket that can be left. */
async function dealerTo(endpoint: string) {
  const dealer = createDealer({ reconnect: false, onMessage: () => undefined });
  await dealer.connect(endpoint);
  onTestFinished(() => dealer.close());
  return dealer;
}

const never = { action: "call", input: { app: "app", task: "never" } };

it("nothing begins for a client that left while its requests were being checked", async () => {
  const slow = slowStorage();
  const node = await startRemote(slow.storage);
  const ann = await node.user("ann", "deployer");
  await node.host.deploy("app", manifest);
  const to = publicKeyOf(node.nodeKey);
  const leaving = await dealerTo(node.endpoint);
  slow.hold();
  for (let n = 0; n < 3; n++) {
    const { id, token } = await forge({ from: ann, to, claims: never });
    leaving.send([id, token]);
  }
  await vi.waitFor(() => expect(slow.holds).toBe(1));
  await leaving.close();
  const witness = await node.client(ann);
  slow.release();
  await vi.waitFor(() => expect(node.records).toMatchObject([{ action: "call", outcome: "cancelled" }]));
  // Those that had not been read are dropped.
  await witness.call("list", {});
  expect(node.records).toHaveLength(2);
  expect(node.host.app("app").jobs).toMatchObject({ running: 0 });
});

it("an id that is in use on a connection is not for another user's request: each could be ended no more", async () => {
  const node = await startRemote();
  const ann = await node.user("ann", "deployer");
  const bob = await node.user("bob", "deployer");
  await node.host.deploy("app", manifest);
  const to = publicKeyOf(node.nodeKey);
  const raw = await rawClient(node.endpoint);
  const first = await forge({ from: ann, to, claims: never });
  const second = await forge({ from: bob, to, claims: { ...never, jti: first.id } });
  raw.send(first.id, first.token);
  expect(await raw.ask(second.id, second.token)).toEqual([second.id, ""]);
  expect(node.records.at(-1)).toMatchObject({ reason: expect.stringContaining("runs on its connection") });
  await vi.waitFor(() => expect(node.host.app("app").jobs.running).toBe(1));
  await node.keys.revoke("ann", false);
  await vi.waitFor(() => expect(node.cancelled).toHaveLength(1));
});

it("a key that is revoked while its request is being checked does not hold for that", async () => {
  const slow = slowStorage();
  const node = await startRemote(slow.storage);
  const ann = await node.user("ann", "deployer");
  await node.host.deploy("app", manifest);
  const client = await node.client(ann);
  slow.hold();
  const running = client.stream("call", { app: "app", task: "never" })[Symbol.asyncIterator]().next();
  const failed = expect(running).rejects.toMatchObject({ code: "COC_ADMIN_REFUSED" });
  await vi.waitFor(() => expect(slow.holds).toBe(1));
  await node.keys.revoke("ann", false);
  // Its watcher is told in turns of the loop that come before.
  await new Promise((resolve) => setImmediate(resolve));
  slow.release();
  await failed;
  expect(node.records.at(-1)).toMatchObject({ reason: expect.stringContaining("revoked meanwhile") });
});

it("a role that is lowered while a request is being checked holds for that", async () => {
  const slow = slowStorage();
  const node = await startRemote(slow.storage);
  const ann = await node.user("ann", "deployer");
  const client = await node.client(ann);
  slow.hold();
  const deployed = expect(client.call("deploy", { name: "app", manifest })).rejects.toMatchObject({
    code: "COC_ADMIN_ROLE",
  });
  await vi.waitFor(() => expect(slow.holds).toBe(1));
  await node.keys.add("ann", publicKeyOf(ann), "viewer");
  await new Promise((resolve) => setImmediate(resolve));
  slow.release();
  await deployed;
});

it("who asks for the node's key again and again, and reads no answer, is not read from", async () => {
  const node = await startRemote();
  const dealer = await dealerTo(node.endpoint);
  dealer.pause();
  const batch = Array.from({ length: 1000 }, () => ["hello", "hello"]);
  let asked = 0;
  let taken = true;
  while (taken && asked < 2_000_000) {
    for (const frames of batch) taken = dealer.send(frames);
    asked += batch.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Its own queue is full: the node has stopped.
  expect(taken).toBe(false);
  dealer.resume();
  const client = await node.client(await node.user("ann", "viewer"));
  expect(await client.call("list", {})).toEqual([]);
});

it("long messages wait one by one, so that strangers cannot fill the memory", async () => {
  const node = await startRemote(undefined, 1);
  const long = Buffer.alloc(3_500_000, "A");
  const dealers = await Promise.all(Array.from({ length: 4 }, () => dealerTo(node.endpoint)));
  const before = process.memoryUsage().external;
  for (const dealer of dealers) for (let n = 0; n < 15; n++) dealer.send(["id", long]);
  // Each has one that is read or waits, and what is left is still its own.
  const witness = await rawClient(node.endpoint);
  await witness.ask("hello", "hello");
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(process.memoryUsage().external - before).toBeLessThan(4 * 4 * 4 * 1024 * 1024);
});

it("a request beyond what a connection may have open is in the audit log too", async () => {
  const node = await startRemote();
  const client = await node.client(await node.user("ann", "viewer"));
  const open = Array.from({ length: 65 }, () => client.stream("logs", { follow: true })[Symbol.asyncIterator]().next());
  await expect(Promise.race(open)).rejects.toMatchObject({ code: "COC_ADMIN_BUSY" });
  expect(node.records).toMatchObject([{ user: "ann", action: "logs", outcome: "COC_ADMIN_BUSY" }]);
  await client.close();
  await Promise.allSettled(open);
});

it("what still runs when the node closes is in the audit log", async () => {
  const slow = slowStorage("apps");
  const node = await startRemote(slow.storage);
  const client = await node.client(await node.user("ann", "deployer"));
  slow.hold();
  const deployed = expect(client.call("deploy", { name: "app", manifest })).rejects.toMatchObject({
    code: "COC_ADMIN_LOST",
  });
  await vi.waitFor(() => expect(slow.holds).toBe(1));
  await node.server.close();
  await deployed;
  expect(node.records).toMatchObject([{ action: "deploy", outcome: "cancelled" }]);
  slow.release();
  await vi.waitFor(() => expect(node.host.app("app").state).toBe("running"));
  expect(node.records).toHaveLength(1);
});
