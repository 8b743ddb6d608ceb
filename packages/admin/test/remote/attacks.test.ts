import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, randomInt } from "node:crypto";
import { memoryStorage } from "@cocaine/core";
import { expect, it, onTestFinished, vi } from "vitest";
import { createRemoteClient, fingerprintOf, generateKey, parsePublicKey, publicKeyOf } from "../../src/index.ts";
import { between, type Meddle } from "../support/between.ts";
import { manifest } from "../support/host.ts";
import { encoded, forge, rawClient, type StartedRemote, startRemote } from "../support/remote.ts";

/** A node with a user whose requests go on all the time, whatever is done to the node. */
async function attacked(rate?: number) {
  const node = await startRemote(undefined, rate);
  const ann = await node.user("ann", "admin");
  const witness = await node.client(await node.user("wil", "viewer"));
  const raw = await rawClient(node.endpoint);
  const to = publicKeyOf(node.nodeKey);
  /** Each is refused in the same words, and other users are served. */
  const refused = async (what: { id: string; token: string }, reason: RegExp, from = raw) => {
    const before = node.records.length;
    expect(await from.ask(what.id, what.token)).toEqual([what.id, ""]);
    await vi.waitFor(() => {
      const record = node.records.slice(before).find(({ outcome }) => outcome === "refused");
      expect(record?.reason).toMatch(reason);
    });
    expect(await witness.call("list", {})).toEqual([]);
  };
  return { node, ann, witness, raw, to, refused };
}

it("a request that is sent again is refused, on the same node and on another one", async () => {
  const storage = memoryStorage({ shared: true });
  const a = await startRemote(storage);
  const b = await startRemote(storage);
  const ann = await a.user("ann", "viewer");
  const raw = await rawClient(a.endpoint);
  const sent = await forge({ from: ann, to: publicKeyOf(a.nodeKey) });
  const answer = await raw.ask(sent.id, sent.token);
  expect(answer[1]).not.toBe("");
  const replay = async (node: StartedRemote, reason: RegExp) => {
    const other = await rawClient(node.endpoint);
    expect(await other.ask(sent.id, sent.token)).toEqual([sent.id, ""]);
    expect(node.records.at(-1)?.reason).toMatch(reason);
  };
  await replay(a, /replay/);
  // Another node cannot read it; and one that has the same key sees that it was taken.
  await replay(b, /cannot be decrypted/);
  const meant = await forge({ from: ann, to: publicKeyOf(b.nodeKey), claims: { jti: sent.id } });
  const other = await rawClient(b.endpoint);
  expect(await other.ask(meant.id, meant.token)).toEqual([sent.id, ""]);
  expect(b.records.at(-1)?.reason).toMatch(/replay/);
});

it("tokens without a signature, and with other algorithms, are refused", async () => {
  const { ann, to, refused } = await attacked();
  const none = (payload: Uint8Array, kid: string) =>
    `${encoded({ alg: "none", kid })}.${Buffer.from(payload).toString("base64url")}.`;
  await refused(await forge({ from: ann, to, sign: none }), /signature/);
  const publicPem = createPublicKey({ key: { ...publicKeyOf(ann) }, format: "jwk" }).export({
    type: "spki",
    format: "pem",
  });
  const hmac = (payload: Uint8Array, kid: string) => {
    const signing = `${encoded({ alg: "HS256", kid })}.${Buffer.from(payload).toString("base64url")}`;
    return `${signing}.${createHmac("sha256", publicPem).update(signing).digest("base64url")}`;
  };
  await refused(await forge({ from: ann, to, sign: hmac }), /signature/);
  // The key is one of PS256: its owner's RS256 is another's.
  await refused(await forge({ from: { ...ann, alg: "RS256" }, to }), /signature/);
  await refused(await forge({ from: ann, to, wrap: "RSA-OAEP" }), /decrypted/);
  await refused(await forge({ from: ann, to, cipher: "A128GCM" }), /decrypted/);
  const dir = `${encoded({ alg: "dir", enc: "A256GCM" })}..${randomBytes(12).toString("base64url")}.AAAA.${randomBytes(16).toString("base64url")}`;
  await refused({ id: "x".repeat(22), token: dir }, /decrypted/);
  await refused(await forge({ from: ann, to, sign: (payload) => Buffer.from(payload).toString() }), /not signed/);
});

it("a signature of another user's key is refused, whatever it says of itself", async () => {
  const { node, ann, to, refused } = await attacked();
  const bob = await node.user("bob", "viewer");
  await refused(await forge({ from: bob, to, kid: fingerprintOf(ann) }), /signature/);
  await refused(await forge({ from: bob, to, claims: { iss: fingerprintOf(ann) } }), /issued by another/);
  await refused(await forge({ from: await generateKey(), to }), /not known/);
});

it("a token that has expired, is of the future, or holds for too long is refused", async () => {
  const { ann, to, refused } = await attacked();
  const now = Math.floor(Date.now() / 1000);
  await refused(await forge({ from: ann, to, claims: { iat: now - 100, exp: now - 70 } }), /expired/);
  await refused(await forge({ from: ann, to, claims: { iat: now + 60, exp: now + 90 } }), /from now/);
  await refused(await forge({ from: ann, to, claims: { iat: now, exp: now + 3600 } }), /holds for/);
  await refused(await forge({ from: ann, to, claims: { iat: now, exp: 1e308 } }), /holds for/);
  await refused(await forge({ from: ann, to, claims: { iat: "now" } }), /claims/);
});

it("a token for another node, under another id, or of other claims is refused", async () => {
  const { ann, to, refused } = await attacked();
  await refused(await forge({ from: ann, to, claims: { aud: "another" } }), /another node/);
  const sent = await forge({ from: ann, to });
  await refused({ id: "y".repeat(22), token: sent.token }, /another id/);
  await refused(await forge({ from: ann, to, claims: { role: "admin" } }), /claims/);
  await refused(await forge({ from: ann, to, claims: { action: ["list"] } }), /claims/);
});

it("what is cut short, or too long, is refused or disconnected", async () => {
  const { node, ann, to, refused, witness } = await attacked();
  const { id, token } = await forge({ from: ann, to });
  for (const length of [1, 10, 100, token.length - 1])
    await refused({ id, token: token.slice(0, length) }, /decrypted/);
  const huge = await rawClient(node.endpoint);
  huge.send(id, Buffer.alloc(8 * 1024 * 1024));
  await vi.waitFor(() => expect(huge.gone).toBe(true));
  const odd = await rawClient(node.endpoint);
  odd.send("one frame");
  await vi.waitFor(() => expect(odd.gone).toBe(true));
  const long = await rawClient(node.endpoint);
  long.send("i".repeat(1000), token);
  await vi.waitFor(() => expect(long.gone).toBe(true));
  expect(await witness.call("list", {})).toEqual([]);
});

it("a role that was lowered holds at once, and what runs beyond it ends", async () => {
  const node = await startRemote();
  const dee = await node.user("dee", "deployer");
  const client = await node.client(dee);
  await client.call("deploy", { name: "app", manifest });
  const running = client.stream("call", { app: "app", task: "never" })[Symbol.asyncIterator]().next();
  const failed = expect(running).rejects.toMatchObject({ code: "COC_ADMIN_REFUSED" });
  await vi.waitFor(() => expect(node.host.app("app").jobs.running).toBe(1));
  await node.keys.add("dee", publicKeyOf(dee), "viewer");
  await expect(client.call("remove", { app: "app" })).rejects.toMatchObject({ code: "COC_ADMIN_ROLE" });
  await failed;
  await vi.waitFor(() => expect(node.cancelled).toHaveLength(1));
  expect(await client.call("list", {})).toHaveLength(1);
});

it("a key that was revoked is refused at once, and what it was told until then ends", async () => {
  const node = await startRemote();
  const vic = await node.user("vic", "viewer");
  const client = await node.client(vic);
  const logs = client.stream("logs", { follow: true })[Symbol.asyncIterator]().next();
  const failed = expect(logs).rejects.toMatchObject({ code: "COC_ADMIN_REFUSED" });
  await client.call("list", {});
  await node.keys.revoke("vic", false);
  await expect(client.call("list", {})).rejects.toMatchObject({ code: "COC_ADMIN_REFUSED" });
  await failed;
});

it("credit and cancellation of one are not for another to give, nor again", async () => {
  const { node, ann, to } = await attacked();
  const bob = await node.user("bob", "admin");
  await node.host.deploy("app", manifest);
  const raw = await rawClient(node.endpoint);
  const call = await forge({ from: ann, to, claims: { action: "call", input: { app: "app", task: "never" } } });
  raw.send(call.id, call.token);
  await vi.waitFor(() => expect(node.host.app("app").jobs.running).toBe(1));
  const claims = { jti: call.id, action: undefined, input: undefined, seq: 1, cancel: true };
  const foreign = await forge({ from: bob, to, claims });
  raw.send(call.id, foreign.token);
  const elsewhere = await rawClient(node.endpoint);
  const own = await forge({ from: ann, to, claims });
  elsewhere.send(own.id, own.token);
  await elsewhere.ask("z".repeat(22), "x");
  expect(node.host.app("app").jobs.running).toBe(1);
  raw.send(own.id, own.token);
  await vi.waitFor(() => expect(node.cancelled).toHaveLength(1));
});

it("while the storage is away everybody is refused, and only the log says why", async () => {
  const { node, witness, ann, to, raw } = await attacked();
  await node.storage.close();
  const sent = await forge({ from: ann, to });
  expect(await raw.ask(sent.id, sent.token)).toEqual([sent.id, ""]);
  expect(node.records.at(-1)?.reason).toMatch(/could not be checked/);
  await expect(witness.call("list", {})).rejects.toMatchObject({ code: "COC_ADMIN_REFUSED" });
});

it.each<[string, Meddle]>([
  [
    "gives to another request",
    ([id, token], held) => {
      held.push([id, token]);
      if (held.length < 2) return [];
      const [[one = "", first = ""] = [], [two = "", second = ""] = []] = held;
      return [
        [one, second],
        [two, first],
      ];
    },
  ],
  ["sends twice", (reply) => [reply, reply]],
  [
    "leaves out",
    (reply, held) => (held.push(reply) && held.filter(([id]) => id === reply[0]).length === 2 ? [] : [reply]),
  ],
  ["sends in another order", (reply, held) => (held.push(reply) === 2 ? held.splice(0).reverse() : [])],
  ["cuts short", ([id, token]) => [[id, token.slice(0, -20)]]],
  ["changes", ([id, token]) => [[id, `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`]]],
  ["makes up", ([id]) => [[id, "e30.e30.e30.e30.e30"]]],
])("a client takes no reply that somebody in between %s", async (_, meddle) => {
  const node = await startRemote();
  const key = await node.user("ann", "admin");
  await node.host.deploy("app", manifest);
  const client = createRemoteClient({ endpoint: await between(node.endpoint, meddle), key, pin: node.pin });
  await client.start();
  onTestFinished(() => client.close());
  const many = async () => {
    const chunks: number[] = [];
    for await (const [byte] of client.stream("call", { app: "app", task: "many" }, Buffer.from("20")))
      chunks.push(byte ?? 0);
    return chunks;
  };
  const [whole, list] = await Promise.allSettled([many(), client.call("list", {})]);
  // Nothing wrong was taken for right, and at least one of the two was told.
  const failures = [whole, list].filter(({ status }) => status === "rejected");
  expect(failures.length).toBeGreaterThan(0);
  for (const { reason } of failures as PromiseRejectedResult[])
    expect(reason).toMatchObject({ code: "COC_ADMIN_PROTOCOL" });
  if (list.status === "fulfilled") expect(list.value).toMatchObject([{ name: "app" }]);
});

it("keys that are too small, or no keys, are not let in", async () => {
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
  expect(() => parsePublicKey(small)).toThrow(/1024 bits: take one of 2048/);
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  expect(() => parsePublicKey(curve)).toThrow(/not a public RSA key/);
  expect(() => parsePublicKey({ ...small, alg: "none" })).toThrow(/not a public RSA key/);
});

it("messages of nonsense by the thousand, and of good tokens that were changed, do no harm", async () => {
  const { node, ann, to, witness } = await attacked(1_000_000);
  const good = (await forge({ from: ann, to })).token;
  const clients = await Promise.all(Array.from({ length: 8 }, () => rawClient(node.endpoint)));
  const before = process.memoryUsage().rss;
  const count = Number(process.env.FUZZ_MESSAGES ?? 20_000);
  let asked = 0;
  let closed = 0;
  const began = performance.now();
  const attack = async (client: Awaited<ReturnType<typeof rawClient>>): Promise<void> => {
    let own = client;
    while (asked < count && performance.now() - began < 200_000) {
      asked++;
      const frames = nonsense(good);
      if (frames.length === 2 && frames[0] !== undefined && frames[0].length <= 64) {
        const [, answer] = await own.ask(...frames);
        if (answer !== undefined && answer !== "" && !answer.startsWith("{")) throw new Error(`answered ${answer}`);
      } else {
        own.send(...frames);
        await vi.waitFor(() => expect(own.gone).toBe(true), { interval: 1 });
      }
      if (!own.gone) continue;
      closed++;
      own = await rawClient(node.endpoint);
    }
  };
  await Promise.all(clients.map(attack));
  expect(await witness.call("list", {})).toEqual([]);
  console.log(`${asked} messages, ${closed} connections closed, ${Math.round(performance.now() - began)} ms`);
  expect(asked).toBe(count);
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
}, 240_000);

function nonsense(good: string): (string | Buffer)[] {
  const id = randomBytes(randomInt(1, 40)).toString("base64url").slice(0, 60);
  switch (randomInt(40)) {
    case 0:
      return [id];
    case 1:
      return [id, good, "more"];
    case 2:
      return [randomBytes(200).toString("hex"), good];
    case 3:
      return [id, "hello"];
    case 4:
      return [id, randomBytes(randomInt(1, 2000))];
    case 5:
      return [id, good.split(".").toSpliced(randomInt(5), 1).join(".")];
    default: {
      const bytes = Buffer.from(good);
      for (let n = randomInt(1, 4); n > 0; n--) bytes[randomInt(bytes.length)] = randomInt(256);
      return [id, bytes];
    }
  }
}
