import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { deploy, sh, temporaryFolder } from "./support/host.ts";

const run = promisify(execFile);
const wait = { timeout: 10_000 };

describe("a connection that is a job", () => {
  it("has its bytes as request and response, and each side ends by itself: nc and socat", async () => {
    const { place, info } = await deploy({ echo: {}, greet: {} });
    const { port } = place("echo");
    expect(await sh(`printf 'one\\ntwo' | nc -N 127.0.0.1 ${port}`)).toBe("one\ntwo");
    expect(await sh(`printf 12345 | socat - TCP:127.0.0.1:${place("greet").port}`)).toBe("hello, 127.0.0.1\n5 bytes\n");
    expect(await sh(`nc -N 127.0.0.1 ${port} </dev/null`)).toBe("");
    await vi.waitFor(() => expect(info("echo")).toMatchObject({ connections: 0, busy: 0, accepted: 2 }), wait);
  });

  it("carries 100 MB each way, and the memory of the server stays", async () => {
    const { place } = await deploy({ count: {}, send: {} });
    await sh(`head -c 1000000 /dev/zero | nc -N 127.0.0.1 ${place("count").port}`);
    const before = process.memoryUsage().rss;
    expect(await sh(`head -c 100000000 /dev/zero | nc -N 127.0.0.1 ${place("count").port}`)).toBe("100000000");
    expect((await sh(`printf 100 | nc -N 127.0.0.1 ${place("send").port} | wc -c`)).trim()).toBe("100000000");
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024);
  });

  it("is as fast as its reader: a client that reads nothing stops the worker", async () => {
    const { place, host } = await deploy({ send: {} });
    const socket = connect(place("send").port);
    socket.pause();
    socket.end("1000");
    await vi.waitFor(() => expect(host.app("app").tasks.send?.bytes.sent).toBeGreaterThan(100_000), wait);
    let sent = -1;
    await vi.waitFor(
      () => {
        const now = host.app("app").tasks.send?.bytes.sent ?? 0;
        const still = now === sent;
        sent = now;
        expect(still).toBe(true);
      },
      { ...wait, interval: 300 },
    );
    expect(sent).toBeLessThan(20_000_000);
    socket.destroy();
    await vi.waitFor(() => expect(host.app("app").jobs).toMatchObject({ running: 0, cancelled: 1 }), wait);
  });

  it("is reset when its worker dies, so that nobody takes half for the whole", async () => {
    const { place, host } = await deploy({ stay: {} });
    const socket = connect(place("stay").port);
    await once(socket, "data");
    const [worker] = host.app("app").pool.workers;
    process.kill(worker?.pid as number, "SIGKILL");
    await expect(once(socket, "close")).rejects.toMatchObject({ code: "ECONNRESET" });
    // And the next one is served.
    const next = connect(place("stay").port);
    await once(next, "data");
    next.destroy();
  });

  it("ends its request where its client ended while it waited for its turn", async () => {
    const { place, host } = await deploy({ greet: {} });
    await host.pause("app");
    const answer = sh(`nc -N 127.0.0.1 ${place("greet").port} </dev/null`);
    await vi.waitFor(() => expect(host.app("app").tasks.greet?.driver).toMatchObject({ busy: 1 }), wait);
    await host.resume("app");
    expect(await answer).toBe("hello, 127.0.0.1\n0 bytes\n");
  });

  it("waits for its turn while the queue is full, one after the other", async () => {
    const { place, host } = await deploy({ stay: {} }, { engine: { concurrency: 1, "queue-limit": 1 } });
    const clients = Array.from({ length: 6 }, () => connect(place("stay").port).on("error", () => undefined));
    await vi.waitFor(() => expect(host.app("app").tasks.stay?.driver).toMatchObject({ busy: 6 }), wait);
    await vi.waitFor(() => expect(host.app("app").jobs.running + host.app("app").queue.depth).toBe(2), wait);
    for (const client of clients) {
      client.resetAndDestroy();
      await vi.waitFor(() => expect(host.app("app").queue.highest).toBeLessThanOrEqual(1), wait);
    }
    await vi.waitFor(() => expect(host.app("app").tasks.stay?.driver).toMatchObject({ connections: 0 }), wait);
    expect(host.app("app").jobs.failed).toBe(0);
  });

  it("that is left alone by both sides is closed after idle-timeout", async () => {
    const { place, host } = await deploy({ echo: { "idle-timeout": 0.3 } });
    const socket = connect(place("echo").port);
    socket.write("one");
    await once(socket, "data");
    await once(socket, "close");
    await vi.waitFor(() => expect(host.app("app").jobs).toMatchObject({ running: 0, cancelled: 1 }), wait);
  });
});

describe("a line that is a job", () => {
  const line = { framing: "line" };

  it("is answered by a line, in the order of the lines", async () => {
    const { place } = await deploy({ upper: line });
    const { port } = place("upper");
    expect(await sh(`printf 'slow\\nb\\r\\n\\nslow too\\nlast' | nc -N 127.0.0.1 ${port}`)).toBe(
      "SLOW\nB\n\nSLOW TOO\nLAST\n",
    );
    const many = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`).join("");
    const folder = await temporaryFolder();
    writeFileSync(join(folder, "lines"), many);
    expect(await sh(`nc -N 127.0.0.1 ${port} < ${folder}/lines`)).toBe(many.toUpperCase());
  });

  it("that fails ends the connection after the answers before it, or is answered", async () => {
    const { place, lines } = await deploy({ upper: line });
    const { port } = place("upper");
    expect(await sh(`printf 'slow\\nfail\\nnot this\\n' | nc -N 127.0.0.1 ${port}`)).toBe("SLOW\n");
    expect(lines.some((text) => text.includes("on purpose"))).toBe(true);
    const replying = await deploy({ upper: { ...line, "on-error": "reply" } });
    const answer = await sh(`printf 'a\\nfail\\nb\\n' | nc -N 127.0.0.1 ${replying.place("upper").port}`);
    const [one, failed, two] = answer.trim().split("\n");
    expect([one, two]).toEqual(["A", "B"]);
    expect(JSON.parse(failed as string)).toEqual({
      error: { code: "COC_JOB_FAILED", message: expect.stringContaining("on purpose") },
    });
    const crashed = await sh(`echo crash | nc -N 127.0.0.1 ${replying.place("upper").port}`);
    expect(JSON.parse(crashed)).toMatchObject({ error: { code: "COC_WORKER_CRASHED" } });
  });

  it("that is too long ends the connection, as does an answer, and what was asked before is answered", async () => {
    const { place } = await deploy({
      upper: { ...line, "max-message": 100, "on-error": "reply" },
      send: { ...line, "max-message": 100, "on-error": "reply" },
    });
    const { port } = place("upper");
    const long = "x".repeat(101);
    const answer = await sh(`printf 'a\\n${long}\\nb\\n' | nc -N 127.0.0.1 ${port}`);
    expect(answer).toMatch(/^A\n\{"error":\{"code":"COC_SOCKET_MESSAGE".*\}\n$/);
    expect(await sh(`head -c 10000000 /dev/zero | nc -N 127.0.0.1 ${port}`)).toContain("COC_SOCKET_MESSAGE");
    expect(await sh(`printf '1\\n' | nc -N 127.0.0.1 ${place("send").port}`)).toContain("COC_SOCKET_MESSAGE");
    expect(await sh(`printf '${"x".repeat(100)}\\r\\n' | nc -N 127.0.0.1 ${port}`)).toHaveLength(101);
  });

  it("waits while the app is paused, and is answered after", async () => {
    const { place, host, info } = await deploy({ upper: line });
    await host.pause("app");
    const socket = connect(place("upper").port);
    socket.write("a\n");
    await vi.waitFor(() => expect(info("upper")).toMatchObject({ connections: 1, busy: 1 }), wait);
    await host.resume("app");
    expect(String((await once(socket, "data"))[0])).toBe("A\n");
    socket.destroy();
  });

  it("is not lost by 20 reloads, over connections that stay", async () => {
    const { place, host, manifest } = await deploy({ upper: line }, { engine: { "pool-limit": 2 } });
    const { port } = place("upper");
    let over = false;
    const client = async () => {
      const socket = connect(port);
      let asked = 0;
      while (!over) {
        socket.write(`line ${++asked}\n`);
        const [data] = await once(socket, "data");
        if (String(data) !== `LINE ${asked}\n`) throw new Error(`not an answer: ${data}`);
      }
      socket.destroy();
      return asked;
    };
    const clients = Array.from({ length: 4 }, client);
    for (let version = 1; version <= 20; version++)
      await host.deploy("app", { ...manifest, env: { V: String(version) } });
    over = true;
    for (const asked of await Promise.all(clients)) expect(asked).toBeGreaterThan(20);
    expect(host.app("app").tasks.upper?.driver).toMatchObject({ accepted: 4 });
  });

  it("ends with its connection when the task ends", async () => {
    const { place, host, manifest } = await deploy({ upper: line, count: line });
    const socket = connect(place("count").port);
    socket.write("1234\n");
    await once(socket, "data");
    const { upper } = manifest.tasks;
    const ended = once(socket, "end");
    await host.deploy("app", { ...manifest, tasks: { upper } });
    await ended;
    await vi.waitFor(() => expect(host.app("app").tasks).not.toHaveProperty("count"), wait);
  });
});

describe("a message behind its length", () => {
  it("is a job, with any bytes, from a client in Python", async () => {
    const { place } = await deploy({ count: { framing: "length" }, echo: { framing: "length" } });
    const script = `
import socket, struct, sys
def ask(port, messages):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"".join(struct.pack("!I", len(m)) + m for m in messages))
        client.shutdown(socket.SHUT_WR)
        data = b"".join(iter(lambda: client.recv(65536), b""))
    out = []
    while data:
        (size,) = struct.unpack("!I", data[:4])
        out.append(data[4:4 + size]); data = data[4 + size:]
    return out
messages = [b"", b"\\0\\n\\xff", b"x" * 1000000, bytes(range(256)) * 10]
assert ask(${place("echo").port}, messages) == messages
print([int(m) for m in ask(${place("count").port}, messages)])
`;
    expect((await run("python3", ["-c", script])).stdout).toBe("[0, 3, 1000000, 2560]\n");
  });

  it("that is longer than max-message ends the connection before it comes", async () => {
    const { place } = await deploy({ count: { framing: "length", "max-message": 1000 } });
    const socket = connect(place("count").port);
    socket.write(Buffer.from([0, 0, 3, 233]));
    await once(socket, "close");
  });
});

describe("a Unix socket", () => {
  it("serves its owner alone, or whom the mode lets in, and takes the place of one that nobody has", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "app.sock");
    const stale = createServer().listen(path);
    await once(stale, "listening");
    // A process that is killed leaves its file.
    execFileSync("python3", ["-c", `import socket; s = socket.socket(socket.AF_UNIX); s.bind("${path}.2")`]);
    stale.close();
    const { place, info } = await deploy({
      who: { endpoint: `unix://${path}`, framing: "line" },
      upper: { endpoint: `unix://${path}.2`, framing: "line", mode: "0660" },
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}.2`).mode & 0o777).toBe(0o660);
    expect(info("who").endpoint).toBe(`unix://${path}`);
    expect(JSON.parse(await sh(`echo | socat - UNIX-CONNECT:${place("who").path}`))).toEqual({
      remote: {},
      local: { path },
      tls: false,
    });
  });
});

describe("clients that mean no good", () => {
  it("1,000 that send a byte now and then do not slow others", async () => {
    const { place, info } = await deploy({ upper: { framing: "line" } });
    const { port } = place("upper");
    const attacker = spawn(
      "python3",
      [
        "-c",
        `
import socket, sys, time
clients = [socket.create_connection(("127.0.0.1", ${port})) for _ in range(1000)]
print("connected", flush=True)
while True:
    for client in clients: client.send(b"x")
    time.sleep(0.2)
`,
      ],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    try {
      await once(attacker.stdout, "data");
      const socket = connect(port);
      const times: number[] = [];
      for (let request = 0; request < 200; request++) {
        const begun = performance.now();
        socket.write("a\n");
        await once(socket, "data");
        times.push(performance.now() - begun);
      }
      expect(times.sort((a, b) => a - b)[100]).toBeLessThan(20);
      expect(info("upper").connections).toBe(1001);
      socket.destroy();
    } finally {
      attacker.kill();
    }
    await vi.waitFor(() => expect(info("upper").connections).toBe(0), wait);
  });

  it("that are too many are closed, and noise harms nobody", async () => {
    const { place, info } = await deploy({ upper: { framing: "length", "max-connections": 2 } });
    const { port } = place("upper");
    const [one, two] = [connect(port), connect(port)];
    await vi.waitFor(() => expect(info("upper").connections).toBe(2), wait);
    const three = connect(port).on("error", () => undefined);
    await once(three, "close");
    one.destroy();
    two.destroy();
    await vi.waitFor(() => expect(info("upper").connections).toBe(0), wait);
    for (let round = 0; round < 100; round++) {
      const socket = connect(port).on("error", () => undefined);
      await once(socket, "connect");
      const noise = Buffer.from(
        Array.from({ length: 1 + ((round * 37) % 300) }, (_, index) => (index * round * 7919) % 256),
      );
      socket.end(noise);
      await once(socket, "close");
    }
    const last = connect(port);
    last.write(Buffer.from([0, 0, 0, 1, 97]));
    expect([...((await once(last, "data"))[0] as Buffer)]).toEqual([0, 0, 0, 1, 65]);
    last.destroy();
  });
});
