import { chmod, mkdir, stat } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { silentLogger } from "@cocaine/core/plugin";
import { createDealer } from "@cocaine/zmtp";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type AdminClient,
  createLocalClient,
  createLocalServer,
  createLogBook,
  type LogEntry,
} from "../../src/index.ts";
import { manifest, startHost, temporaryFolder } from "../support/host.ts";

async function startServer() {
  const { host, cancelled, keys } = await startHost();
  const logs = createLogBook();
  const path = join(await temporaryFolder(), "run", "control.sock");
  const server = createLocalServer({ host, keys, logs, path, log: silentLogger() });
  await server.start();
  onTestFinished(() => server.close());
  return { host, keys, cancelled, logs, path, server };
}

async function connected(path: string): Promise<AdminClient> {
  const client = createLocalClient({ path });
  await client.start();
  onTestFinished(() => client.close());
  return client;
}

const text = new TextDecoder();

describe("the local control endpoint", () => {
  it("makes its folder so that only its user can enter it", async () => {
    const { path } = await startServer();
    expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o711);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("runs every action on an app", async () => {
    const { path } = await startServer();
    const client = await connected(path);
    expect(await client.call("deploy", { name: "a", manifest })).toMatchObject({ name: "a", state: "running" });
    expect(await client.call("list", {})).toMatchObject([{ name: "a", type: "echo" }]);
    expect(await client.call("info", { app: "a" })).toMatchObject({ name: "a" });
    expect(await client.call("node", {})).toMatchObject({ pid: process.pid, apps: [{ name: "a" }] });
    await client.call("pause", { app: "a" });
    expect((await client.call("info", { app: "a" })).state).toBe("paused");
    await client.call("resume", { app: "a" });
    expect((await client.call("info", { app: "a" })).state).toBe("running");
    await client.call("restart", { app: "a" });
    await client.call("remove", { app: "a" });
    expect(await client.call("list", {})).toEqual([]);
  });

  it("answers a call with the job's bytes", async () => {
    const { path, host } = await startServer();
    await host.deploy("a", manifest);
    const client = await connected(path);
    const chunks: string[] = [];
    for await (const chunk of client.stream("call", { app: "a", task: "echo" }, Buffer.from("hello"))) {
      chunks.push(text.decode(chunk));
    }
    expect(chunks).toEqual(["hello"]);
  });

  it("streams far more items than a client is sent ahead, in order, and answers others meanwhile", async () => {
    const { path, host } = await startServer();
    await host.deploy("a", manifest);
    const client = await connected(path);
    let seen = 0;
    for await (const chunk of client.stream("call", { app: "a", task: "many" }, Buffer.from("1000"))) {
      expect([...chunk]).toEqual([(1000 - seen) % 256]);
      seen++;
      if (seen === 10) expect(await client.call("list", {})).toHaveLength(1);
    }
    expect(seen).toBe(1000);
  });

  it("sends a client that does not read no more than 32 items, and goes on when it does", async () => {
    const { path, host } = await startServer();
    await host.deploy("a", manifest);
    const answers: string[] = [];
    const dealer = createDealer({ reconnect: false, onMessage: ([, kind]) => answers.push(text.decode(kind)) });
    onTestFinished(() => dealer.close());
    await dealer.connect(`ipc://${path}`);
    const ask = (...frames: string[]) => dealer.send(frames.map((frame) => Buffer.from(frame)));
    ask("1", '{"action":"call","input":{"app":"a","task":"many"}}', "100");
    ask("2", '{"action":"list","input":{}}');
    await vi.waitFor(() => expect(answers).toContain("result"));
    expect(answers.filter((kind) => kind === "bytes")).toHaveLength(32);
    ask("1", '{"credit":68}');
    await vi.waitFor(() => expect(answers.at(-1)).toBe("end"));
    expect(answers.filter((kind) => kind === "bytes")).toHaveLength(100);
  });

  it("cancels the job when the client leaves its answer, and when the client goes away", async () => {
    const { path, host, cancelled } = await startServer();
    await host.deploy("a", manifest);
    const client = await connected(path);
    for await (const _ of client.stream("call", { app: "a", task: "many" }, Buffer.from("1000"))) break;
    const waiting = client.stream("call", { app: "a", task: "never" })[Symbol.asyncIterator]().next();
    const lost = expect(waiting).rejects.toMatchObject({ code: "COC_ADMIN_LOST" });
    await vi.waitFor(() => expect(host.app("a").jobs.running).toBe(1));
    await client.close();
    await lost;
    await vi.waitFor(() => expect(cancelled).toHaveLength(1));
    await vi.waitFor(() => expect(host.app("a").jobs.running).toBe(0));
  });

  it("gives the log lines that are there, and those that come", async () => {
    const { path, logs } = await startServer();
    const client = await connected(path);
    const entry = (message: string): LogEntry => ({ time: 1, level: "info", message, app: "a", fields: { n: 1 } });
    logs.append(entry("before"));
    const seen: unknown[] = [];
    for await (const line of client.stream("logs", { app: "a", follow: true })) {
      seen.push(line);
      if (seen.length === 1) logs.append(entry("after"));
      else break;
    }
    expect(seen).toEqual([entry("before"), entry("after")]);
    for await (const line of client.stream("logs", {})) expect(line).toMatchObject({ app: "a" });
  });

  it("gives the feed of an app", async () => {
    const { path, host } = await startServer();
    await host.deploy("a", manifest);
    const client = await connected(path);
    const feed = client.stream("feed", { app: "a" })[Symbol.asyncIterator]();
    const first = feed.next();
    for await (const _ of client.stream("call", { app: "a", task: "echo" }, Buffer.from("x")));
    const { value } = await first;
    expect(value).toMatchObject({ envelope: expect.any(String), body: expect.any(String) });
    await feed.return?.();
  });
});

describe("a failure", () => {
  it("of the host reaches the client with its code, message and details", async () => {
    const { path } = await startServer();
    const client = await connected(path);
    await expect(client.call("info", { app: "b" })).rejects.toMatchObject({ code: "COC_APP_UNKNOWN" });
    await expect(client.call("deploy", { name: "b", manifest: { type: "ecko" } })).rejects.toMatchObject({
      code: "COC_MANIFEST",
      message: expect.stringContaining('did you mean "echo"?'),
      details: { issues: expect.arrayContaining([expect.objectContaining({ path: "type" })]) },
    });
    for (const action of ["feed", "logs"] as const) {
      await expect(client.stream(action, { app: "b" })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: "COC_APP_UNKNOWN",
      });
    }
  });

  it("of the input names what is wrong with it", async () => {
    const { path } = await startServer();
    const client = await connected(path);
    await expect(client.call("info", { app: 3 } as never)).rejects.toMatchObject({
      code: "COC_ADMIN_INPUT",
      message: expect.stringContaining("app"),
    });
    await expect(client.call("format-disk" as never, {} as never)).rejects.toMatchObject({ code: "COC_ADMIN_ACTION" });
    await expect(client.call("toString" as never, {} as never)).rejects.toMatchObject({ code: "COC_ADMIN_ACTION" });
  });

  it("to find a node asks whether one is running, and where it was looked for", async () => {
    const path = join(await temporaryFolder(), "control.sock");
    await expect(createLocalClient({ path }).start()).rejects.toMatchObject({
      code: "COC_ADMIN_UNREACHABLE",
      message: expect.stringContaining(`${path}: is cocained running?`),
    });
  });

  it("of a body that is too large is told before it is sent", async () => {
    const { path } = await startServer();
    const client = await connected(path);
    const body = new Uint8Array(40 * 1024 * 1024);
    await expect(
      client.stream("call", { app: "a", task: "echo" }, body)[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject({
      code: "COC_ADMIN_INPUT",
    });
  });

  it("is what a client of a closed node gets", async () => {
    const { path, server, host } = await startServer();
    await host.deploy("a", manifest);
    const client = await connected(path);
    const waiting = client.stream("feed", { app: "a" })[Symbol.asyncIterator]().next();
    const lost = expect(waiting).rejects.toMatchObject({ code: "COC_ADMIN_LOST" });
    await client.call("list", {});
    await server.close();
    await lost;
    await expect(client.call("list", {})).rejects.toMatchObject({ code: "COC_ADMIN_LOST" });
  });
});

describe("starting where something is already", () => {
  it("is refused if a server listens there", async () => {
    const { path, host, keys, logs } = await startServer();
    const second = createLocalServer({ host, keys, logs, path, log: silentLogger() });
    await expect(second.start()).rejects.toMatchObject({ code: "COC_ADMIN_RUNNING" });
    await second.close();
    expect(await (await connected(path)).call("list", {})).toEqual([]);
  });

  it("is refused if others can read the folder, which is left as it is", async () => {
    const { host, keys, logs } = await startServer();
    const folder = join(await temporaryFolder(), "open");
    await mkdir(folder);
    await chmod(folder, 0o755);
    const server = createLocalServer({ host, keys, logs, path: join(folder, "control.sock"), log: silentLogger() });
    await expect(server.start()).rejects.toMatchObject({ code: "COC_ADMIN_FOLDER" });
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
  });

  it("is refused with the reason if the path is too long for a socket", async () => {
    const { host, keys, logs } = await startServer();
    const path = join(await temporaryFolder(), "x".repeat(120), "control.sock");
    const server = createLocalServer({ host, keys, logs, path, log: silentLogger() });
    await expect(server.start()).rejects.toMatchObject({
      code: "COC_ADMIN_SOCKET",
      message: expect.stringContaining(path),
    });
  });
});

describe("a stranger", () => {
  it("that speaks another protocol is disconnected, and the others are served on", async () => {
    const { path } = await startServer();
    const disconnected = new Promise<void>((resolve) => {
      const dealer = createDealer({ reconnect: false, onMessage: () => undefined, onDisconnect: () => resolve() });
      void dealer.connect(`ipc://${path}`).then(() => dealer.send([Buffer.from("1"), Buffer.from("not JSON")]));
    });
    await disconnected;
    const raw = createConnection(path);
    onTestFinished(() => void raw.destroy());
    raw.write("GET / HTTP/1.1\r\n\r\n");
    expect(await (await connected(path)).call("list", {})).toEqual([]);
  });
});
