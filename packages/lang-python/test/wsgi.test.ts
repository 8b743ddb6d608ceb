import { Code } from "@cocaine/core/plugin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, fixture, startEngine } from "./support/engine.ts";
import { fetch, fetchOk, get, type Http, read } from "./support/http.ts";
import { peakMemory } from "./support/memory.ts";
import { upload } from "./support/upload.ts";

// Every page but the bare and the faulty ones is checked by wsgiref.validate, which fails the job where the server breaks PEP 3333.

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(fixture("web.py"), { type: "python+wsgi" });
  await engine.hello();
});

afterAll(() => engine[Symbol.asyncDispose]());

function times(text: string): number {
  return engine.output().split(text).length - 1;
}

describe("the environ", () => {
  async function environ(http: Http, body?: string): Promise<Record<string, unknown>> {
    return JSON.parse((await fetchOk(engine, http, body)).body);
  }

  test("has all that PEP 3333 asks for", async () => {
    expect(await environ(get("/mirror/page?a=1&b=%20"))).toMatchObject({
      REQUEST_METHOD: "GET",
      SCRIPT_NAME: "",
      PATH_INFO: "/mirror/page",
      QUERY_STRING: "a=1&b=%20",
      SERVER_NAME: "192.0.2.1",
      SERVER_PORT: "80",
      SERVER_PROTOCOL: "HTTP/1.1",
      REMOTE_ADDR: "192.0.2.7",
      REMOTE_PORT: "50000",
      HTTP_HOST: "example.org:8080",
      "wsgi.version": [1, 0],
      "wsgi.url_scheme": "http",
      "wsgi.multithread": false,
      "wsgi.multiprocess": true,
      "wsgi.run_once": false,
    });
  });

  test("has the path decoded, a character for each byte", async () => {
    const path = Buffer.from("/mirror/żółć ü%", "utf8").toString("latin1");
    expect(await environ(get("/mirror/%C5%BC%C3%B3%C5%82%C4%87%20ü%25".replace("ü", "%C3%BC")))).toMatchObject({
      PATH_INFO: path,
    });
    expect((await environ(get(path.replace("%", "%25")))).PATH_INFO).toBe(path);
  });

  test("has the task's own path as SCRIPT_NAME", async () => {
    const parts = { SCRIPT_NAME: "/shop/here", PATH_INFO: "/mirror" };
    expect(await environ(get("/shop/here/mirror", { path: "/shop/here" }))).toMatchObject(parts);
    expect(await environ(get("/shop/here/mirror", { path: "/shop/here/" }))).toMatchObject(parts);
    expect(await environ(get("/shop/here", { path: "/shop/here" }))).toMatchObject({ ...parts, PATH_INFO: "" });
    expect(await environ(get("/shop/heretic", { path: "/shop/here" }))).toMatchObject({ SCRIPT_NAME: "" });
  });

  test("has the headers: repeated ones joined, cookies in their own way", async () => {
    const headers = [
      ["Content-Type", "text/plain"],
      ["Accept", "text/html"],
      ["accept", "text/plain"],
      ["Cookie", "a=1"],
      ["Cookie", "b=2"],
      ["X-Own", "\u00fc"],
    ] as const;
    const found = await environ(get("/mirror", { headers }));
    expect(found).toMatchObject({
      CONTENT_TYPE: "text/plain",
      HTTP_ACCEPT: "text/html,text/plain",
      HTTP_COOKIE: "a=1; b=2",
      HTTP_X_OWN: "\u00fc",
    });
    expect(found).not.toHaveProperty("HTTP_CONTENT_TYPE");
  });

  test("has no header with an underscore, which could pass for another's", async () => {
    const headers = [["X_Forwarded_For", "127.0.0.1"]] as const;
    const found = await environ(get("/mirror", { headers }));
    expect(found).not.toHaveProperty("HTTP_X_FORWARDED_FOR");
  });

  test("remembers no more names of headers than are usual", async () => {
    for (let round = 0; round < 3; round++) {
      const headers = Array.from({ length: 1000 }, (_, at) => [`X-${round}-${at}`, String(at)] as const);
      expect(await environ(get("/mirror", { headers }))).toMatchObject({ [`HTTP_X_${round}_999`]: "999" });
    }
  });

  test.each([
    ["example.org:8080", "example.org", "8080"],
    ["example.org", "example.org", "80"],
    ["[::1]:8080", "[::1]", "8080"],
    ["[::1]", "[::1]", "80"],
  ])("has the server from the Host header %s where the driver does not say", async (host, name, port) => {
    const { local: _, ...http } = get("/mirror", { headers: [["Host", host]] });
    expect(await environ(http)).toMatchObject({ SERVER_NAME: name, SERVER_PORT: port });
  });

  test("says https behind TLS", async () => {
    expect(await environ(get("/mirror", { tls: true, httpVersion: "2.0" }))).toMatchObject({
      "wsgi.url_scheme": "https",
      HTTPS: "on",
      SERVER_PROTOCOL: "HTTP/2.0",
    });
  });

  test("has the path of a URL with scheme and host, as proxies are told", async () => {
    expect(await environ(get("http://example.org/mirror?x"))).toMatchObject({
      PATH_INFO: "/mirror",
      QUERY_STRING: "x",
    });
  });

  test("says how long a body is that came in pieces and is whole by now", async () => {
    const headers = [["Transfer-Encoding", "chunked"]] as const;
    expect(await environ(get("/mirror", { method: "POST", headers }), "12345")).toMatchObject({ CONTENT_LENGTH: "5" });
  });
});

describe("a response", () => {
  test("of one block has its length", async () => {
    const { status, reason, header, body } = await fetchOk(engine, get("/bare"));
    expect([status, reason, header("content-length"), body]).toEqual([200, "OK", "5", "12345"]);
  });

  test("without a block is empty", async () => {
    const { header, chunks } = await fetchOk(engine, get("/empty"));
    expect([header("content-length"), chunks]).toEqual(["0", []]);
  });

  test("that can have no body says no length", async () => {
    const { status, headers, chunks } = await fetchOk(engine, get("/no_content"));
    expect([status, headers, chunks]).toEqual([204, [], []]);
  });

  test("of many blocks has a chunk for each, and is closed", async () => {
    const closed = times("closed");
    const { header, chunks } = await fetchOk(engine, get("/many"));
    expect([header("content-length"), chunks]).toEqual([undefined, ["a", "b", "c"]]);
    await expect.poll(() => times("closed")).toBe(closed + 1);
  });

  test("may come from a generator that calls start_response", async () => {
    expect((await fetchOk(engine, get("/generated"))).chunks).toEqual(["one", "two"]);
  });

  test("keeps each of its cookies, and its own reason", async () => {
    const { headers, reason } = await fetchOk(engine, get("/cookies"));
    expect(headers.filter(([name]) => name === "Set-Cookie")).toEqual([
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ]);
    expect(reason).toBe("Fine");
  });

  test("may be written", async () => {
    expect((await fetchOk(engine, get("/writes"))).chunks).toEqual(["written ", "returned"]);
  });

  test("may be a file", async () => {
    const { body } = await fetchOk(engine, get("/file"));
    expect(body).toContain("This page is its own source.");
  });

  test("may change as long as nothing was sent", async () => {
    const { status, body } = await fetchOk(engine, get("/replaced"));
    expect([status, body]).toEqual([500, "sorry"]);
  });

  test("leaves no further than its Content-Length", async () => {
    expect((await fetchOk(engine, get("/too_long"))).body).toBe("12345");
  });

  test("to HEAD has the head of the one to GET, and no body", async () => {
    const { status, header, chunks } = await fetchOk(engine, get("/bare", { method: "HEAD" }));
    expect([status, header("content-length"), chunks]).toEqual([200, "5", []]);
  });
});

describe("a failure", () => {
  test("before the head is the job's error alone", async () => {
    const { status, error } = await fetch(engine, get("/fails"));
    expect(status).toBeUndefined();
    expect(error).toMatchObject({ error: "RuntimeError", message: "before the head" });
  });

  test("after the head is the job's error as well, and the response is closed", async () => {
    const closed = times("closed");
    const { status, body, error } = await fetch(engine, get("/fails_late"));
    expect([status, body]).toEqual([200, "part"]);
    expect(error).toMatchObject({ error: "RuntimeError", message: "after the head" });
    await expect.poll(() => times("closed")).toBe(closed + 1);
  });

  test("that is told too late to change the head ends the response", async () => {
    const { status, body, error } = await fetch(engine, get("/too_late"));
    expect([status, body]).toEqual([200, "begun"]);
    expect(error).toMatchObject({ error: "ValueError", message: "too late" });
  });

  test.each([
    ["too_short", "ValueError", "Content-Length says 10, and the body has 5 bytes"],
    ["writes_too_much", "ValueError", "more bytes are written than Content-Length 3 says"],
    ["hop_by_hop", "ValueError", "Connection is the server's own affair (hop-by-hop)"],
    ["splits_header", "ValueError", "has a line break or another control character in it"],
    ["bad_name", "ValueError", "'Content Type' is not the name of a header"],
    ["bad_length", "ValueError", "Content-Length 'many' is not a number"],
    ["bad_status", "ValueError", "a status is like '200 OK', not 'fine'"],
    ["number_status", "TypeError", "a status is a str like '200 OK', not 200"],
    ["bytes_header", "TypeError", "names and values are str"],
    ["tuple_headers", "TypeError", "headers are a list of (name, value), not tuple"],
    ["text_body", "TypeError", "the body of a response is bytes, not str"],
    ["no_start", "AssertionError", "the application sends a body before it calls start_response"],
    ["starts_twice", "AssertionError", "start_response was called a second time, without exc_info"],
  ])("is what the server makes of %s", async (page, error, message) => {
    const answer = await fetch(engine, get(`/faulty/${page}`));
    expect(answer.error).toMatchObject({ error, message: expect.stringContaining(message) });
  });
});

describe("the body of a request", () => {
  const text = "line 1\nline 2\nline 3\nline 4\nline 5";
  const lines = ["line", " 1\n", "line 2\n", "line 3\n", "line 4\n", "line 5", ""];
  const post = get("/reads", { method: "POST" });

  test("is read in every way", async () => {
    expect(JSON.parse((await fetchOk(engine, post, text)).body)).toEqual(lines);
  });

  test("is read in every way while it comes", async () => {
    engine.invoke(1, "web", "li", { end: false, metadata: { http: post } });
    for (const piece of ["ne 1\nline 2\nli", "ne 3\nline 4\nline", " 5"]) engine.write(1, Buffer.from(piece));
    engine.write(1, Buffer.alloc(0), true);
    expect(JSON.parse(read(await engine.answer(1)).body)).toEqual(lines);
  });

  test("may be empty", async () => {
    expect((await fetchOk(engine, get("/counts", { method: "POST" }))).body).toBe("0");
  });

  test("is read in flat memory, however long", async () => {
    const before = await peakMemory(engine.process.pid);
    engine.invoke(2, "web", undefined, { end: false, metadata: { http: get("/counts", { method: "POST" }) } });
    await upload(engine, 2, 50_000_000);
    expect(read(await engine.answer(2)).body).toBe("50000000");
    expect(await peakMemory(engine.process.pid)).toBeLessThan(before + 12_000_000);
  });
});

test("an application whose client went away is stopped where it reads", async () => {
  engine.invoke(3, "web", "some", { end: false, metadata: { http: get("/counts", { method: "POST" }) } });
  await expect.poll(() => engine.mark()).toBe(3);
  engine.send({ code: Code.CANCEL, job: 3, reason: "the client went away" });
  expect((await engine.answer(3)).error).toMatchObject({ error: "cancelled" });
  expect((await fetchOk(engine, get("/bare"))).body).toBe("12345");
});

test("a job that no web driver sent runs the function of its name", async () => {
  expect((await engine.call("event", "hello")).text).toBe("not a page: hello");
  expect((await engine.call("web", "hello")).error?.error).toBe("no-such-method");
});

test("a module without an application does not load", async () => {
  await using other = await startEngine(fixture("beside.py"), { type: "python+wsgi" });
  expect((await other.exited).code).toBe(1);
  expect(other.output()).toContain("python+wsgi looks for application or app at the top of the module");
});
