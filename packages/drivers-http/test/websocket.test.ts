import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { answer, bytes, headOf, type Job } from "./support/app.ts";
import { dial } from "./support/raw.ts";
import { useServers } from "./support/servers.ts";

const run = promisify(execFile);
const start = useServers();
const clients: WebSocket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.terminate();
});

/** The client of the package `ws`. */
function open(url: string, protocols: string[] = [], options: ClientOptions = {}) {
  const client = new WebSocket(url.replace("http", "ws"), protocols, options);
  clients.push(client);
  const messages: (string | Buffer)[] = [];
  client.on("message", (data, isBinary) => messages.push(isBinary ? (data as Buffer) : String(data)));
  client.on("error", () => undefined);
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    client.on("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const opened = once(client, "open");
  // Most tests of a refusal do not wait for it.
  opened.catch(() => undefined);
  return { client, messages, closed, opened };
}

function record(kind: number, payload: string | Uint8Array): Buffer {
  const data = Buffer.from(payload as string);
  const header = Buffer.from([kind, 0, 0, 0, 0]);
  header.writeUInt32BE(data.length, 1);
  return Buffer.concat([header, data]);
}

const received = (job: Job) => Buffer.concat(job.chunks);
const accept = (job: Job, more: object = {}) => job.sink.write(headOf(101, [["X-Served-By", "app"]], more));

/** An application that accepts, and answers with what comes, byte for byte. */
function echo(job: Job, more: object = {}): void {
  job.onChunk = (chunk) => {
    job.chunks.push(chunk);
    if (chunk[0] !== 8) job.sink.write(chunk);
  };
  accept(job, more);
  job.onEnd = () => job.sink.end();
}

describe("a WebSocket", () => {
  it("is a job, with the handshake in its metadata and messages in its streams", async () => {
    const { url, jobs, driver } = await start((job) => echo(job, { protocol: "one" }), {
      websocket: true,
      path: "/chat",
    });
    const { client, messages, opened, closed } = open(`${url}/chat/room?a=1`, ["one", "two"], {
      origin: "http://a.test",
    });
    const upgraded = once(client, "upgrade");
    await opened;
    const [response] = await upgraded;
    expect(response.headers["x-served-by"]).toBe("app");
    const { websocket } = (jobs[0] as Job).metadata as unknown as { websocket: Record<string, unknown> };
    expect(websocket).toMatchObject({ method: "GET", url: "/chat/room?a=1", path: "/chat", protocols: ["one", "two"] });
    client.send("grüße");
    client.send(Buffer.from([0, 255]));
    client.send("");
    await vi.waitFor(() => expect(messages).toEqual(["grüße", Buffer.from([0, 255]), ""]));
    client.close(4001, "enough");
    expect(await closed).toEqual({ code: 4001, reason: "enough" });
    expect(received(jobs[0] as Job)).toEqual(
      Buffer.concat([
        record(1, "grüße"),
        record(2, Buffer.from([0, 255])),
        record(1, ""),
        record(8, Buffer.concat([Buffer.from([15, 161]), Buffer.from("enough")])),
      ]),
    );
    expect(jobs[0]?.ended).toBe(true);
    await vi.waitFor(() => expect(driver.info?.()).toMatchObject({ running: 0, statuses: { "1xx": 1 } }));
  });

  it("is closed by its job: by a record, by its end, by its failure", async () => {
    const apps = {
      record: (job: Job) => job.sink.write(record(8, Buffer.concat([Buffer.from([16, 4]), Buffer.from("bye")]))),
      end: (job: Job) => job.sink.end(),
      failure: (job: Job) => job.sink.fail(Object.assign(new Error("secret"), { code: "COC_JOB_FAILED" }) as never),
      noise: (job: Job) => job.sink.write(bytes("no record")),
    };
    const { url } = await start(
      (job) => {
        accept(job);
        apps[(job.metadata as unknown as { websocket: { url: string } }).websocket.url.slice(1) as keyof typeof apps](
          job,
        );
      },
      { websocket: true },
    );
    expect(await open(`${url}/record`).closed).toEqual({ code: 4100, reason: "bye" });
    expect(await open(`${url}/end`).closed).toEqual({ code: 1000, reason: "" });
    expect(await open(`${url}/failure`).closed).toEqual({ code: 1011, reason: "COC_JOB_FAILED" });
    expect(await open(`${url}/noise`).closed).toMatchObject({ code: 1011 });
  });

  it("has the subprotocol that its job chose, and no other", async () => {
    const { url, lines } = await start((job) => accept(job, { protocol: "two" }), { websocket: true });
    const { client, opened } = open(url, ["one", "two"]);
    await opened;
    expect(client.protocol).toBe("two");
    const refused = open(url, ["one"]).client;
    const [, response] = await once(refused, "unexpected-response");
    expect(response.statusCode).toBe(502);
    expect(lines.at(-1)?.message).toMatch(/protocol is "two", which the client does not offer/);
  });

  it("is refused by its job with a status, headers and a body", async () => {
    const { url } = await start(
      (job) => {
        job.sink.write(headOf(401, [["WWW-Authenticate", "Basic"]]));
        job.sink.write(bytes("who are you?"));
        job.sink.end();
      },
      { websocket: true },
    );
    const [, response] = await once(open(url).client, "unexpected-response");
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toBe("Basic");
    expect(await response.toArray().then((chunks: Buffer[]) => Buffer.concat(chunks).toString())).toBe("who are you?");
  });

  it("is answered in HTTP where it is none, is not whole, or comes from another origin", async () => {
    const { url, port, jobs } = await start((job) => echo(job), { websocket: { origins: ["https://shop.test"] } });
    const { stdout } = await run("curl", ["-si", url]);
    expect(stdout).toMatch(/^HTTP\/1.1 426 /);
    expect(stdout).toMatch(/Upgrade: websocket\r\n/);
    const raw = await dial(port);
    raw.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\r\n",
    );
    expect(await raw.closed()).toMatch(/^HTTP\/1.1 400 [\s\S]*Sec-WebSocket-Version: 13\r\n/);
    const [, response] = await once(open(url, [], { origin: "https://evil.test" }).client, "unexpected-response");
    expect(response.statusCode).toBe(403);
    expect(jobs).toHaveLength(0);
    await open(url, [], { origin: "https://shop.test" }).opened;
  });

  it("shares its endpoint with tasks that serve requests, also such as ask for another protocol", async () => {
    const plugin = (await import("../src/index.ts")).httpDriver();
    const probe = await start(() => undefined, {}, plugin);
    await probe.driver.close();
    const endpoint = probe.url;
    await start((job) => echo(job), { endpoint, websocket: true, path: "/chat" }, plugin, "chat");
    const { jobs } = await start((job) => answer(job, ""), { endpoint }, plugin, "web");
    for (let round = 0; round < 2; round++) {
      const { stdout } = await run("curl", ["-si", "--http2", "-d", "a=1", `${endpoint}/page`]);
      expect(stdout).toMatch(/^HTTP\/1.1 200/);
    }
    const refused = open(`${endpoint}/page`).client;
    const [, response] = await once(refused, "unexpected-response");
    expect(response.statusCode).toBe(200);
    expect(jobs).toHaveLength(3);
    await open(`${endpoint}/chat`).opened;
  });

  it("carries 10,000 messages each way in their order, and long ones in pieces", async () => {
    const { url } = await start((job) => echo(job), { websocket: { "max-message": 4_000_000 } });
    const { client, messages, opened } = open(url);
    await opened;
    for (let number = 0; number < 10_000; number++) client.send(String(number));
    const long = "ü".repeat(1_500_000);
    client.send(long);
    await vi.waitFor(() => expect(messages).toHaveLength(10_001), { timeout: 20_000 });
    expect(messages.slice(0, -1)).toEqual(Array.from({ length: 10_000 }, (_, number) => String(number)));
    expect(messages.at(-1) === long).toBe(true);
  });

  it("is closed with 1009 for a message that is too large, and 1007 for text that is none", async () => {
    const { url, jobs } = await start((job) => echo(job), { websocket: { "max-message": 1000 } });
    const large = open(url);
    await large.opened;
    large.client.send("x".repeat(1001));
    expect((await large.closed).code).toBe(1009);
    const broken = open(url);
    await broken.opened;
    broken.client.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await broken.closed).code).toBe(1007);
    await vi.waitFor(() => expect(jobs.every(({ ended }) => ended)).toBe(true));
  });

  it("is read no faster than its job takes, and its job goes no faster than its client", async () => {
    const { url, jobs } = await start(
      (job) => {
        accept(job);
        job.room = false;
      },
      { websocket: true },
    );
    const { client, messages, opened } = open(url);
    await opened;
    const job = jobs[0] as Job;
    for (let number = 0; number < 1000; number++) client.send(Buffer.alloc(100_000));
    await vi.waitFor(() => expect(job.chunks.length).toBeGreaterThan(0));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(received(job).length).toBeLessThan(1_000_000);
    client.pause();
    let sent = 0;
    while (job.sink.write(record(2, Buffer.alloc(65_536))) && sent < 2000) sent++;
    expect(sent).toBeLessThan(200);
    expect(job.resumed).toBe(0);
    client.resume();
    await vi.waitFor(() => expect(job.resumed).toBeGreaterThan(0));
    await vi.waitFor(() => expect(messages).toHaveLength(sent + 1));
    job.room = true;
    job.sink.drain?.();
    await vi.waitFor(() => expect(received(job).length).toBe(1000 * 100_005), { timeout: 20_000 });
  });

  it("tells its job when the client vanishes, or answers no ping", async () => {
    const { url, jobs } = await start((job) => echo(job), { websocket: { ping: 0.1 } });
    const vanished = open(url);
    await vanished.opened;
    vanished.client.terminate();
    await vi.waitFor(() => expect(received(jobs[0] as Job)).toEqual(record(8, Buffer.from([3, 238]))));
    const deaf = open(url, [], { autoPong: false });
    await deaf.opened;
    expect(await deaf.closed).toMatchObject({ code: 1006 });
    const lively = open(url);
    await lively.opened;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(lively.client.readyState).toBe(WebSocket.OPEN);
  });

  it("says goodbye when its task closes, and ends at once when it must", async () => {
    const { url, driver, jobs } = await start((job) => echo(job), { websocket: true });
    const first = open(url);
    await first.opened;
    const drained = driver.drain();
    expect(await first.closed).toMatchObject({ code: 1001 });
    await drained;
    expect(jobs[0]?.ended).toBe(true);
    const other = await start((job) => accept(job), { websocket: true });
    const second = open(other.url);
    await second.opened;
    await other.driver.close();
    expect((await second.closed).code).toBe(1001);
    expect(other.jobs[0]?.cancelled).toMatch(/shutting down/);
  });

  it("is not hurt by bytes that are no frames", async () => {
    const { url, port } = await start((job) => echo(job), { websocket: true });
    const handshake = `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`;
    for (let round = 0; round < 300; round++) {
      const raw = await dial(port);
      const noise = Array.from({ length: 200 }, () => Math.floor(Math.random() * 256));
      raw.send(Buffer.concat([Buffer.from(handshake), Buffer.from(noise)]));
      if (round % 2 === 0) raw.socket.destroy();
      else raw.socket.end();
    }
    const { client, messages, opened } = open(url);
    await opened;
    client.send("still here");
    await vi.waitFor(() => expect(messages).toEqual(["still here"]));
  });
});
