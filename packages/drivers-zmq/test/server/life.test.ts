import { createServer } from "node:net";
import { expect, test } from "vitest";
import { zmqServerDriver } from "../../src/index.ts";
import { dealer, receive, request } from "../support/clients.ts";
import { scriptedContext } from "../support/context.ts";
import { afterwards, echo, serve } from "../support/serve.ts";

test("a port that is taken is COC_ZMQ_ADDRESS_IN_USE, names task and endpoint, and nothing stays open", async () => {
  const { info } = await serve(echo);
  const taken = info().endpoints[0] ?? "";
  const free = await serve(echo);
  const released = free.info().endpoints[0] ?? "";
  await free.driver.close();

  await expect(serve(echo, { endpoint: [released, taken] })).rejects.toMatchObject({
    code: "COC_ZMQ_ADDRESS_IN_USE",
    message: expect.stringMatching(new RegExp(`${taken}.*"event"`)),
    cause: expect.any(Error),
  });
  const { info: again } = await serve(echo, { endpoint: released });
  expect(again().endpoints).toEqual([released]);
});

test.each(["tcp://nosuchinterface:1", "ipc:///no/such/folder/app.sock"])("%s is COC_ZMQ_ENDPOINT", async (endpoint) => {
  await expect(serve(echo, { endpoint })).rejects.toMatchObject({
    code: "COC_ZMQ_ENDPOINT",
    message: expect.stringContaining(endpoint),
    cause: expect.any(Error),
  });
});

test("a paused server keeps its clients waiting and goes on when resumed", async () => {
  const { driver, endpoint, info } = await serve(echo);
  const socket = request(endpoint);
  await socket.send("before");
  expect(await receive(socket)).toEqual(["before"]);
  driver.pause?.("paused");
  await socket.send("while paused");
  const late = request(endpoint);
  await late.send("connected while paused");
  const other = await serve(echo);
  const probe = request(other.endpoint);
  for (let at = 0; at < 20; at++) {
    await probe.send("turn");
    await probe.receive();
  }
  expect(info().requests).toBe(1);
  driver.resume?.();
  expect(await receive(socket)).toEqual(["while paused"]);
  expect(await receive(late)).toEqual(["connected while paused"]);
});

test("drain lets running jobs end, sends their replies, and refuses new ones", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { driver, endpoint, info } = await serve(async function* () {
    await held;
    yield Buffer.alloc(5_000_000, "z");
  });
  const socket = dealer(endpoint);
  await socket.send(["1", "", "running"]);
  await expect.poll(() => info().running, { timeout: 10_000 }).toBe(1);
  let drained = false;
  const draining = driver.drain().then(() => {
    drained = true;
  });
  await socket.send(["2", "", "too late"]);
  const [tag, delimiter, empty, json] = await receive(socket);
  expect([tag, delimiter, empty, JSON.parse(json ?? "").code]).toEqual(["2", "", "", "COC_SHUTDOWN"]);
  expect(drained).toBe(false);
  release();
  await draining;
  await driver.close();
  const [first, , reply] = await socket.receive();
  expect([String(first), reply?.length]).toEqual(["1", 5_000_000]);
});

test("a server without running jobs drains at once", async () => {
  const { driver } = await serve(echo);
  await driver.drain();
  await driver.drain();
});

test("close gives the address back, cancels what runs, and may be called twice", async () => {
  const reasons: unknown[] = [];
  const { driver, endpoint, info } = await serve(async function* (job) {
    await new Promise((resolve) => job.signal.addEventListener("abort", resolve));
    reasons.push(job.signal.reason);
  });
  await dealer(endpoint).send(["", "x"]);
  await expect.poll(() => info().running, { timeout: 10_000 }).toBe(1);
  await Promise.all([driver.close(), driver.close()]);
  await driver.close();
  await expect.poll(() => reasons.length, { timeout: 10_000 }).toBe(1);
  const port = Number(endpoint.split(":").at(-1));
  const server = createServer();
  afterwards(() => server.close());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
});

test("a driver that never started can be closed", async () => {
  const plugin = zmqServerDriver();
  const driver = plugin.create(plugin.options.parse({ endpoint: "tcp://lo:0" }), scriptedContext(echo).context);
  await driver.close();
  await driver.close();
});
