import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { curveKeyPair, Dealer } from "zeromq";
import { zmqServerDriver } from "../../src/index.ts";
import { receive } from "../support/clients.ts";
import { file, temporaryFolder } from "../support/folder.ts";
import { python, run } from "../support/python.ts";
import { afterwards, echo, serve, start } from "../support/serve.ts";

const MIB = 1024 * 1024;
const server = curveKeyPair();
const ann = curveKeyPair();
const eve = curveKeyPair();

type Keys = typeof ann;

const curveOf = (allowed: Keys[] | "any") => ({
  "secret-key": server.secretKey,
  "allowed-keys": allowed === "any" ? allowed : (allowed.map(({ publicKey }) => publicKey) as [string, ...string[]]),
});

/** What a pyzmq client with these keys hears. */
async function ask(endpoint: string, keys: Keys | undefined, serverKey = server.publicKey): Promise<string> {
  const own = keys === undefined ? ["-", "-", "-"] : [serverKey, keys.publicKey, keys.secretKey];
  const client = python("curve_req.py", endpoint, ...own);
  afterwards(() => client.kill());
  const [answer] = await client.ended();
  return answer ?? "";
}

function dealerOf(endpoint: string, keys: Keys, options: ConstructorParameters<typeof Dealer>[0] = {}): Dealer {
  const socket = new Dealer({
    linger: 0,
    curveServerKey: server.publicKey,
    curvePublicKey: keys.publicKey,
    curveSecretKey: keys.secretKey,
    ...options,
  });
  afterwards(() => socket.close());
  socket.connect(endpoint);
  return socket;
}

test("a client whose key is allowed is answered; others, and those without keys, find nobody", async () => {
  const { endpoint, info, log } = await serve(echo, { curve: curveOf([ann]) });
  const answers = await Promise.all([
    ask(endpoint, ann),
    ask(endpoint, eve),
    ask(endpoint, undefined),
    ask(endpoint, ann, eve.publicKey),
  ]);
  expect(answers).toEqual(["hello", "nobody", "nobody", "nobody"]);
  expect(info()).toMatchObject({ requests: 1, replies: 1, curve: { "public-key": server.publicKey, denied: 1 } });
  expect(log.lines).toContainEqual(
    expect.objectContaining({
      level: "debug",
      message: expect.stringContaining("not allowed"),
      fields: expect.objectContaining({ key: eve.publicKey }),
    }),
  );
  expect(JSON.stringify([log.lines, info()])).not.toContain(server.secretKey);
});

test("any, said explicitly, lets in whoever knows the server's public key", async () => {
  const { endpoint } = await serve(echo, { curve: curveOf("any") });
  const answers = await Promise.all([ask(endpoint, eve), ask(endpoint, undefined), ask(endpoint, ann, eve.publicKey)]);
  expect(answers).toEqual(["hello", "nobody", "nobody"]);
});

test("servers in one process, of one plugin or of two, each have their own keys", async () => {
  const plugin = zmqServerDriver();
  const options = (allowed: Keys[]) => ({ endpoint: "tcp://lo:0", curve: curveOf(allowed) });
  const first = await start(plugin, echo, options([ann]));
  const second = await start(plugin, echo, options([eve]));
  const third = await start(zmqServerDriver(), echo, options([eve]));
  const all = [first, second, third].map(({ endpoint }) => endpoint);
  expect(await Promise.all(all.map((endpoint) => ask(endpoint, ann)))).toEqual(["hello", "nobody", "nobody"]);
  await first.driver.close();
  expect(await Promise.all(all.map((endpoint) => ask(endpoint, eve)))).toEqual(["nobody", "hello", "hello"]);
  await second.driver.close();
  const again = await start(plugin, echo, options([ann]));
  expect(await ask(again.endpoint, ann)).toBe("hello");
});

test("the last server may close while the next starts, again and again", async () => {
  const plugin = zmqServerDriver();
  const options = { endpoint: "tcp://lo:0", curve: curveOf([ann]) };
  let last = await start(plugin, echo, options);
  for (let at = 0; at < 30; at++) {
    const closed = last.driver.close();
    if (at % 2 === 0) await closed;
    last = await start(plugin, echo, options);
    await closed;
  }
  expect(await ask(last.endpoint, ann)).toBe("hello");
});

test("a C client on libzmq asks 2,000 times", async () => {
  const { endpoint } = await serve(echo, { curve: curveOf([ann]) });
  const program = join(await temporaryFolder(), "req");
  execFileSync("cc", ["-o", program, fileURLToPath(new URL("../fixtures/curve_req.c", import.meta.url)), "-lzmq"]);
  const client = run(program, endpoint, 2000, server.publicKey, ann.publicKey, ann.secretKey);
  afterwards(() => client.kill());
  expect(await client.ended()).toEqual(["2000"]);
});

test("many clients, routes, chunks, failures and streams are as they are without keys", async () => {
  const { endpoint, info } = await serve(
    async function* (job) {
      for await (const chunk of job.chunks()) {
        if (String(chunk) === "fail") throw new Error("as asked");
        yield chunk;
      }
    },
    { curve: curveOf([ann, eve]), stream: true },
  );
  await Promise.all(
    Array.from({ length: 30 }, async (_, at) => {
      const socket = dealerOf(endpoint, at % 2 === 0 ? ann : eve);
      await socket.send([`r${at}`, "", "one", "two"]);
      const messages = [await receive(socket), await receive(socket), await receive(socket)];
      expect(messages.map((message) => message.at(-1))).toEqual(["one", "two", ""]);
      expect(messages.map(([route]) => route)).toEqual(Array(3).fill(`r${at}`));
    }),
  );
  const socket = dealerOf(endpoint, ann);
  await socket.send(["", "fail"]);
  expect((await receive(socket)).slice(0, 2)).toEqual(["", ""]);
  await socket.send("no delimiter");
  expect((await receive(socket))[2]).toContain("COC_ZMQ_ENVELOPE");
  expect(info()).toMatchObject({ requests: 31, replies: 30, failures: 1, refused: 1, running: 0 });
});

test("a client that reads slowly gets a stream of 100 MB, and the server does not grow", async () => {
  const { endpoint } = await serve(
    async function* () {
      for (let at = 0; at < 1600; at++) yield Buffer.alloc(64 * 1024, 1);
    },
    { curve: curveOf([ann]), stream: true },
  );
  const before = process.memoryUsage().rss;
  const socket = dealerOf(endpoint, ann, { receiveHighWaterMark: 10 });
  await socket.send(["", "go"]);
  let size = 0;
  let peak = 0;
  for (let [, chunk] = await socket.receive(); chunk?.length; [, chunk] = await socket.receive()) {
    size += chunk.length;
    peak = Math.max(peak, process.memoryUsage().rss - before);
  }
  expect(size).toBe(100 * MIB);
  expect(peak).toBeLessThan(100 * MIB);
});

test("a client that does not read costs little, hurts no other, and loses its jobs within limits.stall", async () => {
  const { endpoint, info, log } = await serve(
    async function* () {
      for (;;) yield Buffer.alloc(64 * 1024);
    },
    { curve: curveOf([ann, eve]), stream: true, limits: { stall: 0.5 } },
  );
  const before = process.memoryUsage().rss;
  const lazy = dealerOf(endpoint, ann, { receiveHighWaterMark: 1 });
  for (let at = 0; at < 3; at++) await lazy.send([`${at}`, "", "go"]);
  await expect.poll(() => info().abandoned, { timeout: 15_000 }).toBe(3);
  expect(info()).toMatchObject({ running: 0 });
  expect(log.lines).toContainEqual(expect.objectContaining({ message: expect.stringContaining("did not read") }));
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  const other = dealerOf(endpoint, eve);
  await other.send(["", "go"]);
  expect((await other.receive()).length).toBe(2);
});

test("a client that asks on and on without reading loses what waits for it, and no other does", async () => {
  const { endpoint, info, log } = await serve(
    async function* () {
      yield Buffer.alloc(MIB);
    },
    { curve: curveOf([ann, eve]) },
  );
  const before = process.memoryUsage().rss;
  const lazy = dealerOf(endpoint, ann, { receiveHighWaterMark: 1, sendHighWaterMark: 0 });
  for (let at = 0; at < 2000; at++) await lazy.send(["", Buffer.alloc(20_000)]);
  await expect
    .poll(() => log.lines.map(({ fields }) => String((fields.err as Error | undefined)?.message)), { timeout: 20_000 })
    .toContainEqual(expect.stringContaining("without reading its replies"));
  const other = dealerOf(endpoint, eve);
  await other.send(["", "go"]);
  expect((await other.receive())[1]?.length).toBe(MIB);
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * MIB);
  // Those that came last wait for it, at most as many as `hwm` bytes of requests make.
  expect(info().running).toBeLessThan(60);
});

test("the jobs of a client that went away end when it is to be sent something", async () => {
  const reasons: unknown[] = [];
  const { endpoint, info } = await serve(
    async function* (job) {
      job.signal.addEventListener("abort", () => reasons.push(job.signal.reason));
      for (;;) {
        yield "tick";
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    { curve: curveOf([ann]), stream: true },
  );
  const socket = dealerOf(endpoint, ann);
  await socket.send(["", "go"]);
  await receive(socket);
  socket.close();
  await expect.poll(() => reasons, { timeout: 10_000 }).toEqual(["the client disconnected"]);
  expect(info()).toMatchObject({ running: 0, abandoned: 1, clients: 0 });
});

test("a paused server keeps what comes, and a draining one answers COC_SHUTDOWN", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { driver, endpoint, info } = await serve(
    async function* (job) {
      if (String(job.request.chunk) === "slow") await held;
      yield "done";
    },
    { curve: curveOf([ann]) },
  );
  const socket = dealerOf(endpoint, ann);
  await socket.send(["0", "", "first"]);
  expect(await receive(socket)).toEqual(["0", "", "done"]);
  driver.pause?.("paused");
  await socket.send(["1", "", "paused"]);
  await socket.send(["2", "", "slow"]);
  expect(info().requests).toBe(1);
  driver.resume?.();
  expect(await receive(socket)).toEqual(["1", "", "done"]);
  await expect.poll(() => info().running, { timeout: 10_000 }).toBe(1);
  const drained = driver.drain();
  await socket.send(["3", "", "late"]);
  expect((await receive(socket)).slice(0, 3)).toEqual(["3", "", ""]);
  release();
  expect(await receive(socket)).toEqual(["2", "", "done"]);
  await drained;
});

test("a port that is taken is COC_ZMQ_ADDRESS_IN_USE, a wrong one COC_ZMQ_ENDPOINT, and a closed one is free", async () => {
  const { endpoint, driver } = await serve(echo, { curve: curveOf([ann]) });
  await expect(serve(echo, { endpoint, curve: curveOf([ann]) })).rejects.toMatchObject({
    code: "COC_ZMQ_ADDRESS_IN_USE",
    message: expect.stringContaining(endpoint),
  });
  await expect(serve(echo, { endpoint: "tcp://nosuch:1", curve: curveOf([ann]) })).rejects.toMatchObject({
    code: "COC_ZMQ_ENDPOINT",
    message: expect.stringContaining("tcp://nosuch:1"),
  });
  expect(await ask(endpoint, ann)).toBe("hello");
  await driver.close();
  const { endpoint: again } = await serve(echo, { endpoint, curve: curveOf([ann]) });
  expect(again).toBe(endpoint);
});

test("keys are read of files, bare or as the libraries of ZeroMQ write them", async () => {
  const secret = await file("server.key_secret", `metadata\ncurve\n    secret-key = "${server.secretKey}"\n`, 0o600);
  const allowed = await file("ann.key", `    public-key = "${ann.publicKey}"\n`, 0o644);
  const bare = await file("eve.key", `${eve.publicKey}\n`, 0o644);
  const { endpoint } = await serve(echo, { curve: { "secret-key": secret, "allowed-keys": [allowed, bare] } });
  expect(await Promise.all([ask(endpoint, ann), ask(endpoint, eve)])).toEqual(["hello", "hello"]);
});

test("a key that cannot be had is COC_ZMQ_KEY: which, of what file, and what to do, but never the key", async () => {
  const open = await file("open.key", server.secretKey, 0o640);
  const other = await file("other.key", "something else", 0o600);
  const fails = async (curve: Record<string, unknown>) => {
    const failure = await serve(echo, { curve: { ...curveOf([ann]), ...curve } as ReturnType<typeof curveOf> }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: "COC_ZMQ_KEY" });
    return (failure as Error).message;
  };
  expect(await fails({ "secret-key": open })).toBe(
    `curve.secret-key of task "event" names the file ${open}, which others can read or change (mode 0640): chmod 600 ${open}`,
  );
  expect(await fails({ "secret-key": "/no/such/file" })).toContain(
    "names the file /no/such/file, which cannot be read",
  );
  expect(await fails({ "secret-key": other })).toContain("which has no secret-key");
  expect(await fails({ "allowed-keys": [other] })).toContain("which has no public-key");
  const short = server.secretKey.slice(1).replace(/^\//, "x");
  const message = await fails({ "secret-key": short });
  expect(message).toContain("is no key: give 40 letters of Z85");
  expect(message).not.toContain(short);
});
