import { createError, type ErrorCode } from "@cocaine/core/plugin";
import { describe, expect, it } from "vitest";
import { answer, bytes, headOf } from "./support/app.ts";
import { exchange, last } from "./support/raw.ts";
import { useServers } from "./support/servers.ts";

const start = useServers();

const failures: [ErrorCode, number, string | null][] = [
  ["COC_QUEUE_FULL", 503, "1"],
  ["COC_APP_FAILED", 503, "5"],
  ["COC_APP_PAUSED", 503, "5"],
  ["COC_SHUTDOWN", 503, "1"],
  ["COC_DEADLINE", 504, null],
  ["COC_WORKER_CRASHED", 502, null],
  ["COC_WORKER_HUNG", 502, null],
  ["COC_WORKER_KILLED", 502, null],
  ["COC_PROTOCOL", 502, null],
  ["COC_JOB_FAILED", 500, null],
  ["COC_SOMETHING_ELSE", 500, null],
];

describe("a job's failure", () => {
  it.each(failures)("%s is %i", async (code, status, retryAfter) => {
    const { url, lines } = await start((job) => job.sink.fail(createError(code, "a secret of the app")));
    const response = await fetch(url);
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    expect(response.headers.get("x-request-id")).toBe("job-1");
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({ code, message: expect.any(String) });
    expect(body).not.toContain("secret");
    expect(lines).toContainEqual(expect.objectContaining({ message: "a secret of the app" }));
  });

  it("is text for a client that wants text", async () => {
    const { url } = await start((job) => job.sink.fail(createError("COC_DEADLINE", "late")));
    const response = await fetch(url, { headers: { accept: "text/html,*/*;q=0.8" } });
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await response.text()).toBe("COC_DEADLINE: the app did not answer in time\n");
  });

  it("after the head, which has not left yet, is still a failure", async () => {
    const { url } = await start((job) => {
      job.sink.write(headOf(200));
      job.sink.write(bytes("half"));
      job.sink.fail(createError("COC_JOB_FAILED", "oops"));
    });
    expect((await fetch(url)).status).toBe(500);
  });

  it("after the head has left cuts the connection", async () => {
    const { url } = await start((job) => {
      job.sink.write(headOf(200));
      job.sink.write(bytes("half"));
      setImmediate(() => job.sink.fail(createError("COC_JOB_FAILED", "oops")));
    });
    const response = await fetch(url);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });
});

const heads: [string, Uint8Array | undefined][] = [
  ["there is none", undefined],
  ["is no JSON", bytes("hello")],
  ["is no object", bytes("null")],
  ["has no status", bytes('{"headers":[]}')],
  ["has the status of no answer", headOf(101)],
  ["has a status that is too large", headOf(1000)],
  ["has no headers", bytes('{"status":200}')],
  ["has headers that are no pairs", bytes('{"status":200,"headers":["a"]}')],
  ["has headers that are no text", bytes('{"status":200,"headers":[["a",1]]}')],
  ["has a name with a space", headOf(200, [["a b", "c"]])],
  ["has a value with a line break", headOf(200, [["a", "b\r\nSet-Cookie: c"]])],
  ["has a value that is not bytes", headOf(200, [["a", "\u0416"]])],
  [
    "has two lengths",
    headOf(200, [
      ["Content-Length", "1"],
      ["content-length", "2"],
    ]),
  ],
  ["has a length that is no number", headOf(200, [["Content-Length", "-1"]])],
  ["has a length that the whole body has not", headOf(200, [["Content-Length", "7"]])],
  ["has a reason with a line break", headOf(200, [], { reason: "OK\r\nA: b" })],
];

describe("a response's head", () => {
  it.each(heads)("that is wrong is COC_HTTP_HEAD: %s", async (_, head) => {
    const { url, lines } = await start((job) => {
      if (head !== undefined) job.sink.write(head);
      if (job.cancelled === undefined) job.sink.end();
    });
    const response = await fetch(url);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: "COC_HTTP_HEAD" });
    expect(lines).toContainEqual(expect.objectContaining({ level: "error" }));
  });
});

describe("a request that is no job", () => {
  it("has no route: 404", async () => {
    const { url, jobs } = await start((job) => answer(job, "ok"), { path: "/shop" });
    expect((await fetch(`${url}/shop/1`)).status).toBe(200);
    const response = await fetch(`${url}/shopping`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "COC_HTTP_NO_ROUTE" });
    expect(jobs).toHaveLength(1);
  });

  it("has another method: 405 with Allow", async () => {
    const { url } = await start((job) => answer(job, "ok"), { methods: ["GET", "PUT"] });
    const response = await fetch(url, { method: "POST", body: "x" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, PUT, HEAD");
    expect(await response.json()).toMatchObject({ code: "COC_HTTP_METHOD" });
  });

  const malformed: [string, string][] = [
    ["no HTTP at all", "hello\r\n\r\n"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"],
    ["no Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["both framings", last("POST /", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")],
    ["two lengths", last("POST /", "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd")],
    ["a length with a sign", last("POST /", "Content-Length: +3\r\n", "abc")],
    ["an unknown transfer coding", last("POST /", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")],
    ["a coding after chunked", last("POST /", "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")],
    ["a space before the colon", last("POST /", "Content-Length : 3\r\n", "abc")],
    ["a folded header", last("GET /", "A: b\r\n c\r\n", "")],
    ["a control character", last("GET /", "A: b\0c\r\n", "")],
    ["chunked of HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a target that is no path", last("GET shop")],
    ["an asterisk", last("OPTIONS *")],
  ];

  it.each(malformed)("is malformed: %s, 400", async (_, text) => {
    const { port, jobs } = await start((job) => answer(job, "ok"));
    expect(await exchange(port, text)).toMatch(/^HTTP\/1.1 400 /);
    expect(jobs).toHaveLength(0);
  });

  it("has a chunk that is malformed: 400, and its job is cancelled", async () => {
    const { port, jobs } = await start(() => undefined);
    const text = last("POST /", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\nnonsense\r\n");
    expect(await exchange(port, text)).toMatch(/^HTTP\/1.1 400 /);
    expect(jobs.every(({ cancelled }) => cancelled !== undefined)).toBe(true);
  });

  it("is malformed behind another, which still has its answer first", async () => {
    const { port } = await start((job) => setImmediate(() => answer(job, "first")));
    const text = await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 200 [\s\S]*firstHTTP\/1.1 400 /);
  });
});
