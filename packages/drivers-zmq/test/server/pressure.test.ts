import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { dealer, receive, request } from "../support/clients.ts";
import { python } from "../support/python.ts";
import { afterwards, echo, serve } from "../support/serve.ts";

const MIB = 1024 * 1024;

/** A client that sends requests of 20 kB, the first chunk their number, and reads nothing until it is told to. */
function stalled(endpoint: string, count: number) {
  const client = python("stalled.py", endpoint, count, 20_000);
  afterwards(() => client.kill());
  return client;
}

/** Resolves when the value has not changed over many looks: whatever was to happen has happened. */
async function settled(value: () => number): Promise<number> {
  let last = value();
  let same = 0;
  await expect
    .poll(
      () => {
        same = value() === last ? same + 1 : 0;
        last = value();
        return same;
      },
      { interval: 20, timeout: 20_000 },
    )
    .toBeGreaterThan(15);
  return last;
}

test("a client that does not read is no longer read from, costs little, and gets all when it reads", async () => {
  const { endpoint, info } = await serve(async function* () {
    yield Buffer.alloc(MIB);
  });
  const before = process.memoryUsage().rss;
  const client = stalled(endpoint, 400);
  expect(await client.line()).toBe("sent");
  expect(await settled(() => info().requests ?? 0)).toBeLessThan(100);
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB);

  const other = request(endpoint);
  await other.send("x");
  expect((await other.receive())[0]?.length).toBe(MIB);

  client.tell("read");
  expect(await client.line()).toBe(String(400 * MIB));
});

test("the jobs of a client that does not read wait, and go on when it reads", async () => {
  let written = 0;
  let enough = false;
  const { endpoint } = await serve(async function* (job) {
    for await (const chunk of job.chunks()) {
      if (String(chunk) === "0") {
        while (!enough) {
          written++;
          yield "chunk";
          await turn();
        }
      } else if (chunk.length < 10) yield Buffer.alloc(MIB);
    }
  });
  const client = stalled(endpoint, 100);
  expect(await client.line()).toBe("sent");
  // Without end, but for the client that does not read.
  await settled(() => written);
  enough = true;
  client.tell("read");
  expect(Number(await client.line())).toBeGreaterThan(99 * MIB);
});

test("a client that does not read within limits.stall is disconnected and its jobs are cancelled", async () => {
  const cancelled: unknown[] = [];
  const { endpoint, info, log } = await serve(
    async function* (job) {
      for await (const chunk of job.chunks()) {
        if (String(chunk) === "0") {
          await new Promise((resolve) => job.signal.addEventListener("abort", resolve));
          cancelled.push(job.signal.reason);
        } else if (chunk.length < 10) yield Buffer.alloc(MIB);
      }
    },
    { limits: { stall: 0.3 } },
  );
  const client = stalled(endpoint, 100);
  expect(await client.line()).toBe("sent");
  await expect.poll(() => cancelled, { timeout: 10_000 }).toEqual(["the client disconnected"]);
  client.kill();
  await expect.poll(() => info(), { timeout: 10_000 }).toMatchObject({ clients: 0, running: 0 });
  expect(log.lines).toContainEqual(
    expect.objectContaining({ level: "warn", message: expect.stringContaining("did not read") }),
  );
});

test("a request of more frames than limits.frames costs its client the connection", async () => {
  const { endpoint, info, log } = await serve(echo, { limits: { frames: 4 } });
  const socket = dealer(endpoint);
  await socket.send(["r", "", "1", "2"]);
  expect(await receive(socket)).toEqual(["r", "", "1", "2"]);
  await socket.send(["r", "", "1", "2", "3"]);
  await expect
    .poll(() => log.lines, { timeout: 10_000 })
    .toMatchObject([{ level: "info", message: "A client was disconnected" }]);
  expect(info().requests).toBe(1);
});

test("the jobs of a client that is killed are cancelled", async () => {
  const reasons: unknown[] = [];
  const { endpoint, info } = await serve(async function* (job) {
    await new Promise((resolve) => job.signal.addEventListener("abort", resolve));
    reasons.push(job.signal.reason);
  });
  const client = stalled(endpoint, 25);
  await expect.poll(() => info().running, { timeout: 10_000 }).toBe(25);
  client.kill();
  await expect.poll(() => reasons, { timeout: 10_000 }).toEqual(Array(25).fill("the client disconnected"));
  expect(info()).toMatchObject({ clients: 0, running: 0, abandoned: 25, replies: 0 });
});

test("a request larger than limits.message costs its client the connection, and no one else's", async () => {
  const { endpoint, info } = await serve(
    async function* () {
      yield "fine";
    },
    { limits: { message: 100_000 } },
  );
  const good = request(endpoint);
  const bad = request(endpoint);
  await good.send("x");
  expect(await receive(good)).toEqual(["fine"]);
  await bad.send(Buffer.alloc(200_000));
  await good.send(Buffer.alloc(90_000));
  expect(await receive(good)).toEqual(["fine"]);
  expect(info()).toMatchObject({ requests: 2 });
});
