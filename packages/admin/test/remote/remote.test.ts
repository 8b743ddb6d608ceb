import { silentLogger } from "@cocaine/core/plugin";
import { expect, it, onTestFinished, vi } from "vitest";
import { createLogBook, createRemoteClient, createRemoteServer, generateKey, publicKeyOf } from "../../src/index.ts";
import { manifest, temporaryFolder } from "../support/host.ts";
import { startRemote } from "../support/remote.ts";

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const got: Uint8Array[] = [];
  for await (const chunk of chunks) got.push(chunk);
  return Buffer.concat(got);
}

it("a user deploys, calls and lists as on the node's own machine", async () => {
  const node = await startRemote();
  const client = await node.client(await node.user("ann", "deployer"));
  expect(await client.call("deploy", { name: "app", manifest })).toMatchObject({ name: "app", state: "running" });
  expect(await client.call("whoami", {})).toMatchObject({ user: "ann", role: "deployer" });
  const body = Buffer.alloc(200_000, "ä");
  expect((await all(client.stream("call", { app: "app", task: "echo" }, body))).equals(body)).toBe(true);
  await expect(client.call("info", { app: "none" })).rejects.toMatchObject({ code: "COC_APP_UNKNOWN" });
  expect(node.records.map(({ user, action, app, outcome }) => [user, action, app, outcome])).toEqual([
    ["ann", "deploy", "app", "ok"],
    ["ann", "whoami", undefined, "ok"],
    ["ann", "call", "app", "ok"],
    ["ann", "info", "none", "COC_APP_UNKNOWN"],
  ]);
  expect(JSON.stringify(node.records)).not.toContain("echo");
});

it("streams flow as far as the client takes them, in order, and end on the node when the client leaves", async () => {
  const node = await startRemote();
  const client = await node.client(await node.user("ann", "deployer"));
  await client.call("deploy", { name: "app", manifest });
  const many = await all(client.stream("call", { app: "app", task: "many" }, Buffer.from("300")));
  expect([...many]).toEqual(Array.from({ length: 300 }, (_, n) => (300 - n) % 256));
  const never = client.stream("call", { app: "app", task: "never" })[Symbol.asyncIterator]();
  const waiting = never.next();
  await vi.waitFor(() => expect(node.host.app("app").jobs.running).toBe(1));
  void never.return?.();
  await client.close();
  await vi.waitFor(() => expect(node.cancelled).toHaveLength(1));
  await waiting.catch(() => undefined);
  await vi.waitFor(() => expect(node.records.at(-1)).toMatchObject({ action: "call", outcome: "cancelled" }));
});

it("a role is enough for what is meant for it, and no more", async () => {
  const node = await startRemote();
  const viewer = await node.client(await node.user("vic", "viewer"));
  const deployer = await node.client(await node.user("dee", "deployer"));
  expect(await viewer.call("list", {})).toEqual([]);
  expect(await viewer.call("nodes", {})).toHaveLength(1);
  await expect(viewer.call("deploy", { name: "app", manifest })).rejects.toMatchObject({
    code: "COC_ADMIN_ROLE",
    message: expect.stringContaining('vic is viewer, and "deploy" is for those who are deployer'),
  });
  await expect(deployer.call("keys", {})).rejects.toMatchObject({ code: "COC_ADMIN_ROLE" });
  await expect(deployer.call("addKey", { user: "dee", jwk: {}, role: "admin" })).rejects.toMatchObject({
    code: "COC_ADMIN_ROLE",
  });
  expect(node.host.info().apps).toEqual([]);
});

it("a key is rotated without a moment in which none holds, and the last admin's stays", async () => {
  const node = await startRemote();
  const old = await node.client(await node.user("ann", "admin"));
  const fresh = await generateKey("RS256");
  const added = await old.call("addKey", { user: "ann", jwk: publicKeyOf(fresh), role: "admin" });
  const [first] = (await old.call("keys", {})).filter(({ fingerprint }) => fingerprint !== added.fingerprint);
  const next = await node.client(fresh);
  await next.call("revokeKey", { key: first?.fingerprint as string });
  await expect(old.call("list", {})).rejects.toMatchObject({ code: "COC_ADMIN_REFUSED" });
  await expect(next.call("revokeKey", { key: "ann" })).rejects.toMatchObject({ code: "COC_ADMIN_KEY_LAST" });
  await expect(next.call("revokeKey", { key: "bob" })).rejects.toMatchObject({
    code: "COC_ADMIN_KEY_UNKNOWN",
    message: expect.stringContaining("(users: ann)"),
  });
  expect(await next.call("keys", {})).toMatchObject([{ revoked: expect.any(String) }, { role: "admin" }]);
});

it("a connection has a bound of requests that are open", async () => {
  const node = await startRemote();
  const client = await node.client(await node.user("ann", "deployer"));
  await client.call("deploy", { name: "app", manifest: { ...manifest, engine: { "queue-limit": 1000 } } });
  const open = Array.from({ length: 65 }, () =>
    client.stream("call", { app: "app", task: "never" })[Symbol.asyncIterator]().next(),
  );
  await expect(Promise.race(open)).rejects.toMatchObject({ code: "COC_ADMIN_BUSY" });
  await client.close();
  await Promise.allSettled(open);
});

it("a key of one user is not let in as another's", async () => {
  const node = await startRemote();
  const jwk = publicKeyOf(await node.user("ann", "viewer"));
  const admin = await node.client(await node.user("root", "admin"));
  await expect(admin.call("addKey", { user: "bob", jwk, role: "admin" })).rejects.toMatchObject({
    code: "COC_ADMIN_KEY",
    message: expect.stringContaining("is the user ann's"),
  });
  expect(await admin.call("addKey", { user: "ann", jwk, role: "deployer" })).toMatchObject({ role: "deployer" });
});

it("without any key nobody is answered", async () => {
  const node = await startRemote();
  const client = await node.client(await generateKey());
  await expect(client.call("list", {})).rejects.toMatchObject({ code: "COC_ADMIN_REFUSED" });
  expect(node.warnings).toEqual([expect.stringContaining("its sender's key is not known")]);
});

it("the client refuses a node of another key, what is no node, and a clock that is off", async () => {
  const node = await startRemote();
  const key = await node.user("ann", "viewer");
  const other = createRemoteClient({ endpoint: node.endpoint, key, pin: "x".repeat(43) });
  await expect(other.start()).rejects.toMatchObject({
    code: "COC_ADMIN_PIN",
    message: expect.stringContaining(node.pin),
  });
  const nobody = createRemoteClient({ endpoint: "tcp://127.0.0.1:9", key, pin: node.pin });
  await expect(nobody.start()).rejects.toMatchObject({ code: "COC_ADMIN_UNREACHABLE" });
  const now = Date.now;
  Date.now = () => now() + 3_600_000;
  onTestFinished(() => {
    Date.now = now;
  });
  const early = createRemoteClient({ endpoint: node.endpoint, key, pin: node.pin });
  const starting = early.start();
  // The node has a clock of its own, which reads when it is asked.
  Date.now = (
    (calls) => () =>
      now() + (calls++ === 0 ? 0 : 3_600_000)
  )(0);
  await expect(starting).rejects.toMatchObject({ code: "COC_ADMIN_CLOCK", message: expect.stringContaining("3600 s") });
});

it("an endpoint that is taken is told with the way out", async () => {
  const node = await startRemote();
  const second = createRemoteServer({
    ...node,
    logs: createLogBook(),
    key: node.nodeKey,
    log: silentLogger(),
    endpoint: node.endpoint,
  });
  await expect(second.start()).rejects.toMatchObject({
    code: "COC_ADMIN_ENDPOINT",
    message: expect.stringContaining(node.endpoint),
  });
  await second.close();
  const ipc = createRemoteServer({
    ...node,
    logs: createLogBook(),
    key: node.nodeKey,
    log: silentLogger(),
    endpoint: `ipc://${await temporaryFolder()}/admin`,
  });
  await ipc.start();
  await ipc.close();
});
