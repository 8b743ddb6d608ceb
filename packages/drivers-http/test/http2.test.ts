import { execFile } from "node:child_process";
import { once } from "node:events";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { httpDriver } from "../src/index.ts";
import { answer, bytes, headOf, type Job, textOf, whenWhole } from "./support/app.ts";
import { dial } from "./support/raw.ts";
import { useServers } from "./support/servers.ts";

const run = promisify(execFile);
const start = useServers();
const http2 = { http2: true };
const prior = ["-s", "--http2-prior-knowledge"];

const sessions: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

function open(url: string): ClientHttp2Session {
  const session = connect(url);
  session.on("error", () => undefined);
  sessions.push(session);
  return session;
}

/** A request whose end is looked at elsewhere. */
function send(session: ClientHttp2Session) {
  const stream = session.request({ ":path": "/" });
  stream.on("error", () => undefined);
  return stream;
}

/** A request of Node's own client, and what came of it. */
async function ask(session: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  const stream = session.request(headers, { endStream: body === undefined });
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  stream.on("error", () => undefined);
  let status: number | undefined;
  stream.once("response", (head) => (status = head[":status"]));
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  if (body !== undefined) stream.end(body);
  await closed;
  return { status, text, code: stream.rstCode };
}

describe("HTTP/2 in the clear", () => {
  it("is one port with HTTP/1.1, by what the client begins with", async () => {
    const { url, jobs } = await start((job) => answer(job, "hello", [["X-One", "1"]], 201), http2);
    const second = await run("curl", [...prior, "-i", "-H", "X-TwO: a", `${url}/some/path?q=1`]);
    expect(second.stdout).toMatch(/^HTTP\/2 201 \r\nx-one: 1\r\n/);
    expect(second.stdout).toMatch(/content-length: 5\r\n/);
    expect(second.stdout).toMatch(/x-request-id: job-1\r\n/);
    expect(second.stdout).toMatch(/\r\n\r\nhello$/);
    expect((await run("curl", ["-si", url])).stdout).toMatch(/^HTTP\/1.1 201/);
    const { http } = jobs[0]?.metadata ?? {};
    expect(http).toMatchObject({ method: "GET", url: "/some/path?q=1", httpVersion: "2.0", tls: false });
    expect(http?.headers).toContainEqual(["x-two", "a"]);
    expect(http?.headers[0]).toEqual(["host", new URL(url).host]);
    expect(http?.headers.filter(([name]) => name.startsWith(":"))).toEqual([]);
    expect(jobs[0]).toMatchObject({ whole: true, chunks: [] });
  });

  it("is not there unless it is asked for", async () => {
    const { url } = await start((job) => answer(job, "hello"));
    await expect(run("curl", [...prior, url])).rejects.toThrow();
  });

  it("takes bodies, short and long", async () => {
    const { url, jobs } = await start((job) => whenWhole(job, () => answer(job, String(textOf(job).length))), http2);
    expect((await run("curl", [...prior, "-d", "a=1", url])).stdout).toBe("3");
    const { stdout } = await run("sh", [
      "-c",
      `head -c 5000000 /dev/zero | curl -s --http2-prior-knowledge -T - ${url}`,
    ]);
    expect(stdout).toBe("5000000");
    expect(jobs[1]?.whole).toBe(false);
    expect((await run("curl", [...prior, "-H", "Expect: 100-continue", "-d", "abc", url])).stdout).toBe("3");
  });

  it("streams answers, as fast as the client takes them", async () => {
    let job: Job | undefined;
    const { url } = await start((one) => {
      job = one;
      one.sink.write(headOf(200));
    }, http2);
    const session = open(url);
    const stream = send(session);
    await once(stream, "response");
    let sent = 0;
    while (job?.sink.write(new Uint8Array(65_536)) === true) sent += 65_536;
    expect(sent).toBeLessThan(2_000_000);
    let received = 0;
    stream.on("data", (chunk: Buffer) => (received += chunk.length));
    await vi.waitFor(() => expect(received).toBeGreaterThan(sent));
    job?.sink.write(bytes("last"));
    job?.sink.end();
    await once(stream, "end");
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it("keeps the answers of one connection apart, whatever their order", async () => {
    const { url } = await start(
      (job) => setTimeout(() => answer(job, job.metadata.http.url), Math.random() * 20),
      http2,
    );
    const session = open(url);
    const paths = Array.from({ length: 300 }, (_, index) => `/${index}`);
    const answers = await Promise.all(paths.map((path) => ask(session, { ":path": path })));
    expect(answers.map(({ text }) => text)).toEqual(paths);
  });

  it("tells a client that leaves, and one whose answer is not whole", async () => {
    const { url, jobs } = await start((job) => job.sink.write(headOf(200)), http2);
    const session = open(url);
    const stream = send(session);
    await once(stream, "response");
    stream.close(constants.NGHTTP2_CANCEL);
    await vi.waitFor(() => expect(jobs[0]?.cancelled).toBe("the client went away"));
    const cut = send(session);
    await once(cut, "response");
    const error = Object.assign(new Error("broken"), { code: "COC_JOB_FAILED" });
    jobs[1]?.sink.fail(error as never);
    await vi.waitFor(() => expect(cut.closed).toBe(true));
    expect(cut.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(session.closed).toBe(false);
  });

  it("answers what is wrong with a request by itself, on its own stream", async () => {
    const options = { ...http2, path: "/shop", methods: ["GET", "POST"], limits: { body: 10, head: 1024 } };
    const { url } = await start((job) => whenWhole(job, () => answer(job, "hello")), options);
    const session = open(url);
    expect((await ask(session, { ":path": "/other" })).status).toBe(404);
    expect((await ask(session, { ":path": "/shop", ":method": "PUT" })).status).toBe(405);
    expect((await ask(session, { ":path": "/shop", ":method": "POST" }, "x".repeat(100))).status).toBe(413);
    const large = await ask(session, { ":path": "/shop", "x-long": "x".repeat(1100) });
    expect(large).toMatchObject({ status: undefined, code: constants.NGHTTP2_ENHANCE_YOUR_CALM });
    expect((await ask(session, { ":path": "/shop", ":authority": "a.test", host: "other.test" })).status).toBe(400);
    expect((await ask(session, { ":path": "/shop" })).text).toBe("hello");
  });

  it("gives HEAD, 204 and repeated headers their due", async () => {
    const { url } = await start((job) => {
      const headers: [string, string][] = [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["Content-Type", "text/plain"],
        ["Content-Type", "text/html"],
        ["Connection", "x-private"],
        ["X-Private", "1"],
      ];
      answer(
        job,
        job.metadata.http.method === "HEAD" ? "a body" : "",
        headers,
        job.metadata.http.url === "/none" ? 204 : 200,
      );
    }, http2);
    const { stdout } = await run("curl", [...prior, "-I", url]);
    expect(stdout).toMatch(/set-cookie: a=1\r\nset-cookie: b=2\r\n/);
    expect(stdout).toMatch(/content-type: text\/plain\r\n/);
    expect(stdout).not.toMatch(/x-private/);
    expect((await run("curl", [...prior, "-i", `${url}/none`])).stdout).toMatch(/^HTTP\/2 204/);
  });

  it("lets what runs end when it closes, and takes no more", async () => {
    const { url, driver, jobs } = await start(() => undefined, http2);
    const session = open(url);
    const slow = ask(session, { ":path": "/" });
    await vi.waitFor(() => expect(jobs).toHaveLength(1));
    const gone = once(session, "goaway").catch(() => undefined);
    const drained = driver.drain();
    answer(jobs[0] as Job, "all of it");
    expect((await slow).text).toBe("all of it");
    await drained;
    await driver.close();
    await gone;
    await vi.waitFor(() => expect(session.destroyed).toBe(true));
  });

  it("ends a connection without a request, one that begins nothing, and a client that takes nothing", async () => {
    const limits = { "idle-timeout": 0.3, "head-timeout": 0.3, "write-timeout": 0.5 };
    const { url, port, jobs } = await start((job) => job.sink.write(headOf(200)), { ...http2, limits });
    const silent = await dial(port);
    await silent.closed();
    const session = open(url);
    await once(session, "connect");
    await once(session, "close");
    const stalled = send(open(url));
    await once(stalled, "response");
    while (jobs[0]?.sink.write(new Uint8Array(65_536)) === true);
    await vi.waitFor(() => expect(jobs[0]?.cancelled).toBeDefined(), { timeout: 10_000 });
  });

  it("is what nghttp and h2load speak, and 20,000 requests have their answers", async () => {
    const { url, driver } = await start((job) => answer(job, "hello"), http2);
    const { stdout } = await run("nghttp", ["-v", url]);
    expect(stdout).toMatch(/:status: 200/);
    expect(stdout).not.toMatch(/error_code=(?!NO_ERROR)|\[ERROR\]/);
    const load = await run("h2load", ["-n", "20000", "-c", "10", "-m", "100", url]);
    expect(load.stdout).toMatch(/20000 succeeded, 0 failed, 0 errored, 0 timeout/);
    expect(driver.info?.()).toMatchObject({ requests: 20_001, running: 0, aborted: 0 });
  });

  it("is not hurt by streams that are reset as soon as they are opened, nor by bytes that are no frames", async () => {
    const { url, port } = await start((job) => setTimeout(() => answer(job, "hello"), 5), http2);
    const session = open(url);
    for (let round = 0; round < 5000 && !session.destroyed; round++) {
      send(session).close(constants.NGHTTP2_CANCEL);
    }
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (let round = 0; round < 200; round++) {
      const raw = await dial(port);
      const noise = Array.from({ length: 100 }, () => Math.floor(Math.random() * 256));
      raw.send(Buffer.concat([Buffer.from(preface.slice(0, round)), Buffer.from(noise)]));
      raw.socket.end();
    }
    expect((await run("curl", [...prior, url])).stdout).toBe("hello");
  });

  it("does not share an endpoint with a task that speaks HTTP/1.1 alone", async () => {
    const plugin = httpDriver();
    const probe = await start((job) => answer(job, ""), http2, plugin);
    await probe.driver.close();
    await start((job) => answer(job, ""), { ...http2, endpoint: probe.url, path: "/a" }, plugin);
    const other = start((job) => answer(job, ""), { endpoint: probe.url, path: "/b" }, plugin, "other");
    await expect(other).rejects.toMatchObject({
      code: "COC_HTTP_LIMITS",
      message: expect.stringMatching(/http2 of task "other" of app "shop" is off, and on at other tasks/),
    });
  });
});
