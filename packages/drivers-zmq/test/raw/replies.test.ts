import { expect, test } from "vitest";
import { boundPeer, exchange, peer, raw } from "../support/raw.ts";
import { echo } from "../support/serve.ts";

test("a REP socket answers a pyzmq REQ client, again and again", async () => {
  const { endpoint, info } = await raw(
    async function* (job) {
      for await (const chunk of job.chunks()) {
        if (String(chunk) === "fail") throw new Error("as asked");
        if (String(chunk) !== "nothing") yield chunk;
      }
    },
    { socket: "rep", bind: "tcp://lo:0" },
  );
  const [one, two] = [await peer("REQ", endpoint), await peer("REQ", endpoint)];
  expect(await exchange(one, "one")).toEqual(["one"]);
  expect(await exchange(two, "two", "chunks")).toEqual(["two", "chunks"]);
  expect(await exchange(one, "fail")).toEqual(["", '{"code":"COC_JOB_FAILED","message":"as asked"}']);
  expect(await exchange(one, "nothing")).toEqual([""]);
  expect(await exchange(two, "three")).toEqual(["three"]);
  expect(info()).toMatchObject({ requests: 5, replies: 4, failures: 1, running: 0 });
});

test("a REP socket runs one job at a time", async () => {
  let running = 0;
  let most = 0;
  const { endpoint } = await raw(
    async function* () {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      yield "done";
    },
    { socket: "rep", bind: "tcp://lo:0" },
  );
  const clients = await Promise.all(Array.from({ length: 4 }, () => peer("REQ", endpoint)));
  const answers = await Promise.all(clients.map((client) => exchange(client, "x")));
  expect(answers).toEqual(Array(4).fill(["done"]));
  expect(most).toBe(1);
});

test("a REP socket answers a message of too many frames with nothing, and the next", async () => {
  const { endpoint } = await raw(echo, { socket: "rep", bind: "tcp://lo:0", limits: { frames: 2 } });
  const client = await peer("REQ", endpoint);
  expect(await exchange(client, "1", "2", "3")).toEqual([""]);
  expect(await exchange(client, "1", "2")).toEqual(["1", "2"]);
});

test("a reply over limits.reply is a failure", async () => {
  const { endpoint } = await raw(echo, { socket: "rep", bind: "tcp://lo:0", limits: { reply: 100 } });
  const client = await peer("REQ", endpoint);
  const [empty, json] = await exchange(client, "x".repeat(200));
  expect([empty, JSON.parse(json ?? "").code]).toEqual(["", "COC_ZMQ_REPLY_TOO_LARGE"]);
  expect(await exchange(client, "short")).toEqual(["short"]);
});

test.each([
  ["binds", true],
  ["connects", false],
])("a ROUTER socket that %s answers whoever asked, and tells the app who", async (_, binds) => {
  const identities = new Set<unknown>();
  const app: typeof echo = async function* (job) {
    const { zmq } = (job.request.metadata ?? {}) as { zmq: { identity: string } };
    identities.add(zmq.identity);
    yield* job.chunks();
  };
  const peers = async () => {
    if (binds) {
      const { endpoint } = await raw(app, { socket: "router", bind: "tcp://lo:0" });
      return Promise.all([peer("DEALER", endpoint), peer("DEALER", endpoint)]);
    }
    const bound = [await boundPeer("DEALER"), await boundPeer("DEALER")];
    await raw(app, { socket: "router", connect: bound.map(({ endpoint }) => endpoint) });
    return bound.map(({ client }) => client);
  };
  const [one, two] = (await peers()) as [Awaited<ReturnType<typeof peer>>, Awaited<ReturnType<typeof peer>>];
  for (let at = 0; at < 3; at++) {
    expect(await Promise.all([exchange(one, "1", `${at}`), exchange(two, "2", `${at}`)])).toEqual([
      ["1", `${at}`],
      ["2", `${at}`],
    ]);
  }
  expect(identities.size).toBe(2);
  for (const identity of identities) expect(identity).toMatch(/^00[0-9a-f]{8}$/);
});

test.each([
  ["binds", true],
  ["connects", false],
])("a PAIR socket that %s answers the other one", async (_, binds) => {
  if (binds) {
    const { endpoint } = await raw(echo, { socket: "pair", bind: "tcp://lo:0" });
    expect(await exchange(await peer("PAIR", endpoint), "hello", "there")).toEqual(["hello", "there"]);
  } else {
    const { client, endpoint } = await boundPeer("PAIR");
    await raw(echo, { socket: "pair", connect: endpoint });
    expect(await exchange(client, "hello")).toEqual(["hello"]);
    expect(await exchange(client, "again")).toEqual(["again"]);
  }
});

test.each(["rep", "pair"])("a %s socket sends replies that are larger than hwm, one after another", async (socket) => {
  const { endpoint, info } = await raw(
    async function* () {
      for (let at = 0; at < 5; at++) yield "x".repeat(1_000_000);
    },
    { socket, bind: "tcp://lo:0" },
  );
  const client = await peer(socket === "rep" ? "REQ" : "PAIR", endpoint);
  for (let at = 0; at < 3; at++) {
    expect((await exchange(client, "go")).map(({ length }) => length)).toEqual(Array(5).fill(1_000_000));
  }
  expect(info()).toMatchObject({ replies: 3, running: 0 });
});
