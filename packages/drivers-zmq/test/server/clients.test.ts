import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Dealer, Router, Proxy as ZmqProxy } from "zeromq";
import { dealer, receive, request } from "../support/clients.ts";
import { python, run } from "../support/python.ts";
import { afterwards, echo, serve } from "../support/serve.ts";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cocaine-zmq-"));
  afterwards(() => rm(folder, { recursive: true }));
  return folder;
}

test("a pyzmq REQ client asks again and again", async () => {
  const { endpoint } = await serve(async function* (job) {
    for await (const chunk of job.chunks()) {
      if (String(chunk) === "fail") throw new Error("as asked");
      yield chunk;
    }
  });
  const client = python("req.py", endpoint);
  afterwards(() => client.kill());
  const ask = async (...frames: string[]) => {
    client.tell(JSON.stringify(frames));
    return JSON.parse(await client.line());
  };
  expect(await ask("one")).toEqual(["one"]);
  expect(await ask("two", "chunks")).toEqual(["two", "chunks"]);
  expect(await ask("fail")).toEqual(["", '{"code":"COC_JOB_FAILED","message":"as asked"}']);
  expect(await ask("")).toEqual([""]);
  expect(await ask("three")).toEqual(["three"]);
});

test("a pyzmq DEALER client with 5,000 requests in flight gets each reply", async () => {
  const { endpoint } = await serve(echo);
  const client = python("dealer.py", endpoint, 5000);
  afterwards(() => client.kill());
  expect(await client.ended()).toEqual(["5000"]);
});

test("a C client on libzmq asks 2,000 times", async () => {
  const { endpoint } = await serve(echo);
  const program = join(await temporaryFolder(), "req");
  execFileSync("cc", ["-o", program, fileURLToPath(new URL("../fixtures/req.c", import.meta.url)), "-lzmq"]);
  const client = run(program, endpoint, 2000);
  afterwards(() => client.kill());
  expect(await client.ended()).toEqual(["2000"]);
});

test("clients behind a libzmq proxy get their own replies", async () => {
  const { endpoint } = await serve(echo);
  const proxy = python("proxy.py", endpoint);
  afterwards(() => proxy.kill());
  const front = await proxy.line();
  const one = python("dealer.py", front, 1000);
  const two = python("dealer.py", front, 1000);
  afterwards(() => {
    one.kill();
    two.kill();
  });
  const asker = request(front);
  await asker.send("between");
  expect(await receive(asker)).toEqual(["between"]);
  expect(await one.ended()).toEqual(["1000"]);
  expect(await two.ended()).toEqual(["1000"]);
});

test("clients behind a chain of two proxies get their own replies", async () => {
  const { endpoint } = await serve(echo);
  const inner = python("proxy.py", endpoint);
  afterwards(() => inner.kill());
  const front = new Router({ linger: 0 });
  await front.bind("tcp://127.0.0.1:0");
  const back = new Dealer({ linger: 0 });
  back.connect(await inner.line());
  const proxy = new ZmqProxy(front, back);
  const running = proxy.run();
  afterwards(async () => {
    proxy.terminate();
    await running;
  });
  const client = python("dealer.py", front.lastEndpoint ?? "", 500);
  afterwards(() => client.kill());
  expect(await client.ended()).toEqual(["500"]);
});

test("200 REQ clients at once each get their own replies", async () => {
  const { endpoint, info } = await serve(echo);
  const sockets = Array.from({ length: 200 }, () => request(endpoint));
  await Promise.all(
    sockets.map(async (socket, at) => {
      for (let round = 0; round < 5; round++) {
        await socket.send(`client ${at} round ${round}`);
        expect(await receive(socket)).toEqual([`client ${at} round ${round}`]);
      }
    }),
  );
  expect(info()).toMatchObject({ clients: 200, requests: 1000, replies: 1000, running: 0 });
});

test("a task listens on several endpoints, over TCP and a Unix socket", async () => {
  const path = `ipc://${join(await temporaryFolder(), "app.sock")}`;
  const { info } = await serve(echo, { endpoint: ["tcp://lo:0", path, "tcp://*:0"] });
  expect(info().endpoints).toEqual([
    expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/),
    path,
    expect.stringMatching(/^tcp:\/\/.*:[1-9]\d*$/),
  ]);
  const any = info().endpoints[2]?.replace(/\/\/.*:/, "//127.0.0.1:") ?? "";
  for (const endpoint of [info().endpoints[0] ?? "", path, any]) {
    const socket = request(endpoint);
    await socket.send("hello");
    expect(await receive(socket)).toEqual(["hello"]);
  }
});

test("a request of 50 MiB comes back whole", async () => {
  const { endpoint } = await serve(echo);
  const body = Buffer.alloc(50 * 1024 * 1024, "cocaine");
  const socket = dealer(endpoint);
  await socket.send(["", body]);
  const [, reply] = await socket.receive();
  expect(reply?.equals(body)).toBe(true);
});
