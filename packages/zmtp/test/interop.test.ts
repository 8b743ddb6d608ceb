import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import * as zmq from "zeromq";
import { bound, connected } from "./support/sockets.ts";
import { temporaryFolder } from "./support/temporary.ts";

const run = promisify(execFile);
const python = new URL("../../../.cache/venv/bin/python", import.meta.url).pathname;
const fixture = (name: string) => new URL(`fixtures/${name}`, import.meta.url).pathname;
const soon = { timeout: 10_000 };

const places = {
  tcp: async () => "tcp://127.0.0.1:0",
  ipc: async () => `ipc://${join(await temporaryFolder(), "socket")}`,
};

describe.each(Object.entries(places))("over %s", (_transport, place) => {
  it("a Request of the zeromq package is answered", async () => {
    const { endpoint } = await bound({}, await place());
    const socket = new zmq.Request();
    onTestFinished(() => socket.close());
    socket.connect(endpoint);
    for (const frames of [["hello"], ["a", "", "b"], ["x".repeat(1 << 20)], ["y".repeat(5 << 20), "z"]]) {
      await socket.send(frames);
      expect((await socket.receive()).map(String)).toEqual(frames);
    }
  });

  it("a Dealer of the zeromq package has thousands of messages under way, and their order", async () => {
    const { endpoint } = await bound({}, await place());
    const socket = new zmq.Dealer({ sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 });
    onTestFinished(() => socket.close());
    socket.connect(endpoint);
    for (let number = 0; number < 5000; number++) await socket.send([String(number), ""]);
    for (let number = 0; number < 5000; number++) {
      expect((await socket.receive()).map(String)).toEqual([String(number), ""]);
    }
  });

  it("a Router of the zeromq package serves our dealer, by its routing id", async () => {
    const socket = new zmq.Router();
    onTestFinished(() => socket.close());
    await socket.bind((await place()).replace(":0", ":*"));
    const { dealer, messages } = await connected(String(socket.lastEndpoint), { routingId: "our-dealer" });
    dealer.send([Buffer.from("hello"), Buffer.alloc(0), "text"]);
    const frames = await socket.receive();
    expect(frames.map(String)).toEqual(["our-dealer", "hello", "", "text"]);
    await socket.send([frames[0] as Buffer, "x".repeat(1 << 20), "end"]);
    await vi.waitFor(() => expect(messages).toEqual([["x".repeat(1 << 20), "end"]]), soon);
  });

  it("a Reply of the zeromq package serves our dealer", async () => {
    const socket = new zmq.Reply();
    onTestFinished(() => socket.close());
    await socket.bind((await place()).replace(":0", ":*"));
    const { dealer, messages } = await connected(String(socket.lastEndpoint));
    dealer.send(["", "question"]);
    expect(String((await socket.receive())[0])).toBe("question");
    await socket.send("answer");
    await vi.waitFor(() => expect(messages).toEqual([["", "answer"]]), soon);
  });
});

it("a Router of the zeromq package may connect to our router, under its routing id", async () => {
  const ids: string[] = [];
  const { endpoint } = await bound({ onConnect: (peer) => ids.push(String(Buffer.from(peer.routingId))) });
  const socket = new zmq.Router({ routingId: "theirs" });
  onTestFinished(() => socket.close());
  socket.connect(endpoint);
  await vi.waitFor(() => expect(ids).toEqual(["theirs"]), soon);
});

describe("pyzmq", () => {
  it.each(["req", "dealer"])("as %s is answered right and in order", async (kind) => {
    const { endpoint } = await bound();
    const { stdout } = await run(python, [fixture("clients.py"), kind, endpoint, "600"]);
    expect(JSON.parse(stdout)).toEqual({ done: true });
  });

  it("as ROUTER serves our dealer", async () => {
    const child = spawn(python, [fixture("clients.py"), "router", "-", "500"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { dealer, messages } = await connected(`tcp://127.0.0.1:${String(line).trim()}`);
    for (let number = 0; number < 500; number++) dealer.send([String(number), ""]);
    await vi.waitFor(() => expect(messages).toHaveLength(500), soon);
    expect(messages.map(([number]) => Number(number))).toEqual(Array.from({ length: 500 }, (_, number) => number));
  });

  it.each([
    ["sesame", true],
    ["wrong", false],
  ])("with PLAIN and the password %s: %s", async (password, expected) => {
    const { endpoint, refusals } = await bound({
      plain: { authenticate: (user, given) => user === "ada" && given === "sesame" },
    });
    const { stdout } = await run(python, [fixture("clients.py"), "plain", endpoint, "10", password]);
    expect(JSON.parse(stdout)).toEqual({ done: expected });
    expect(refusals.length > 0).toBe(!expected);
  });
});

describe("a program in C on libzmq", () => {
  it.each(["req", "dealer"])("as %s is answered right and in order", async (kind) => {
    const program = join(await temporaryFolder(), "client");
    await run("cc", ["-o", program, fixture("client.c"), "-lzmq"]);
    const { endpoint } = await bound();
    await run(program, [kind, endpoint, "5000"]);
  });
});
