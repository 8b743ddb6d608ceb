import { Code } from "@cocaine/core/plugin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, fixture, startEngine } from "./support/engine.ts";
import { fetch, fetchOk, get, type Http, read } from "./support/http.ts";
import { peakMemory } from "./support/memory.ts";
import { upload } from "./support/upload.ts";

// Every page but the faulty ones is checked by Plack::Middleware::Lint, which fails the job where the server breaks PSGI.

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(fixture("web.psgi"), { type: "perl+psgi" });
  await engine.hello();
});

afterAll(() => engine[Symbol.asyncDispose]());

function times(text: string): number {
  return engine.output().split(text).length - 1;
}

describe("the environment", () => {
  async function environment(http: Http, body?: string): Promise<Record<string, unknown>> {
    return JSON.parse((await fetchOk(engine, http, body)).body);
  }

  test("has all that PSGI asks for", async () => {
    expect(await environment(get("/mirror/page?a=1&b=%20"))).toMatchObject({
      REQUEST_METHOD: "GET",
      REQUEST_URI: "/mirror/page?a=1&b=%20",
      SCRIPT_NAME: "",
      PATH_INFO: "/mirror/page",
      QUERY_STRING: "a=1&b=%20",
      SERVER_NAME: "192.0.2.1",
      SERVER_PORT: 80,
      SERVER_PROTOCOL: "HTTP/1.1",
      REMOTE_ADDR: "192.0.2.7",
      REMOTE_PORT: 50_000,
      HTTP_HOST: "example.org:8080",
      "psgi.version": [1, 1],
      "psgi.url_scheme": "http",
      "psgi.multiprocess": expect.anything(),
      "psgi.streaming": expect.anything(),
      "psgix.input.buffered": expect.anything(),
    });
  });

  test("has the path decoded, a character for each byte", async () => {
    const path = Buffer.from("/mirror/żółć ü%", "utf8").toString("latin1");
    const encoded = "/mirror/%C5%BC%C3%B3%C5%82%C4%87%20%C3%BC%25";
    expect(await environment(get(encoded))).toMatchObject({ PATH_INFO: path, REQUEST_URI: encoded });
    expect(await environment(get(path.replace("%", "%25")))).toMatchObject({ PATH_INFO: path });
  });

  test("has the task's own path as SCRIPT_NAME", async () => {
    const parts = { SCRIPT_NAME: "/shop/here", PATH_INFO: "/mirror" };
    expect(await environment(get("/shop/here/mirror", { path: "/shop/here" }))).toMatchObject(parts);
    expect(await environment(get("/shop/here/mirror", { path: "/shop/here/" }))).toMatchObject(parts);
    expect(await environment(get("/shop/here", { path: "/shop/here" }))).toMatchObject({ ...parts, PATH_INFO: "" });
    expect(await environment(get("/shop/heretic", { path: "/shop/here" }))).toMatchObject({ SCRIPT_NAME: "" });
  });

  test("has no path where the server itself is asked", async () => {
    expect(await environment(get("*", { method: "OPTIONS" }))).toMatchObject({ PATH_INFO: "", REQUEST_URI: "*" });
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
    const found = await environment(get("/mirror", { headers }));
    expect(found).toMatchObject({
      CONTENT_TYPE: "text/plain",
      HTTP_ACCEPT: "text/html, text/plain",
      HTTP_COOKIE: "a=1; b=2",
      HTTP_X_OWN: "\u00fc",
    });
    expect(found).not.toHaveProperty("HTTP_CONTENT_TYPE");
  });

  test("has no header with an underscore, which could pass for another's", async () => {
    const headers = [["X_Forwarded_For", "127.0.0.1"]] as const;
    expect(await environment(get("/mirror", { headers }))).not.toHaveProperty("HTTP_X_FORWARDED_FOR");
  });

  test("remembers no more names of headers than are usual", async () => {
    for (let round = 0; round < 3; round++) {
      const headers = Array.from({ length: 1000 }, (_, at) => [`X-${round}-${at}`, String(at)] as const);
      expect(await environment(get("/mirror", { headers }))).toMatchObject({ [`HTTP_X_${round}_999`]: "999" });
    }
  });

  test.each([
    ["example.org:8080", "example.org", "8080"],
    ["example.org", "example.org", 80],
    ["[::1]:8080", "[::1]", "8080"],
    ["[::1]", "[::1]", 80],
  ])("has the server from the Host header %s where the driver does not say", async (host, name, port) => {
    const { local: _, ...http } = get("/mirror", { headers: [["Host", host]] });
    expect(await environment(http)).toMatchObject({ SERVER_NAME: name, SERVER_PORT: port });
  });

  test("says https behind TLS", async () => {
    expect(await environment(get("/mirror", { tls: true, httpVersion: "2.0" }))).toMatchObject({
      "psgi.url_scheme": "https",
      HTTPS: "on",
      SERVER_PROTOCOL: "HTTP/2.0",
    });
  });

  test("says how long a body is that came in pieces, and nothing of how it came", async () => {
    const headers = [["Transfer-Encoding", "chunked"]] as const;
    const found = await environment(get("/mirror", { method: "POST", headers }), "12345");
    expect(found).toMatchObject({ CONTENT_LENGTH: 5 });
    expect(found).not.toHaveProperty("HTTP_TRANSFER_ENCODING");
  });
});

describe("a response", () => {
  test("of an array has its length", async () => {
    const { status, header, chunks } = await fetchOk(engine, get("/many"));
    expect([status, header("content-length"), chunks]).toEqual([200, "3", ["abc"]]);
    const empty = await fetchOk(engine, get("/empty"));
    expect([empty.header("content-length"), empty.chunks]).toEqual(["0", []]);
  });

  test.each([
    ["no_content", 204],
    ["unmodified", 304],
  ])("that can have no body has none, and says no length: %s", async (page, code) => {
    const { status, header, chunks } = await fetchOk(engine, get(`/${page}`));
    expect([status, header("content-length"), chunks]).toEqual([code, undefined, []]);
  });

  test("of an object has a chunk for each, and is closed", async () => {
    const closed = times("closed");
    const { header, chunks } = await fetchOk(engine, get("/closes"));
    expect([header("content-length"), chunks]).toEqual([undefined, ["a", "b", "c"]]);
    await expect.poll(() => times("closed")).toBe(closed + 1);
  });

  test("may be a file", async () => {
    expect((await fetchOk(engine, get("/file"))).body).toContain("# A PSGI application with a page for each way");
  });

  test("keeps each of its cookies", async () => {
    const { headers } = await fetchOk(engine, get("/cookies"));
    expect(headers.filter(([name]) => name === "Set-Cookie")).toEqual([
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ]);
  });

  test("is bytes, in its head as well", async () => {
    const { chunks } = await engine.call("web", undefined, { metadata: { http: get("/latin") } });
    expect(JSON.parse(Buffer.from(chunks[0] as Uint8Array).toString()).headers).toContainEqual(["X-Own", "café"]);
    expect(Buffer.from(chunks[1] as Uint8Array).toString("latin1")).toBe("café");
  });

  test.each(["too_long", "too_long_at_once"])("leaves no further than its Content-Length: %s", async (page) => {
    expect((await fetchOk(engine, get(`/${page}`))).body).toBe("12345");
  });

  test("to HEAD has the head of the one to GET, and no body", async () => {
    for (const page of ["bare", "closes", "streams"]) {
      const { status, header, chunks } = await fetchOk(engine, get(`/${page}`, { method: "HEAD" }));
      expect([status, chunks]).toEqual([200, []]);
      expect(header("content-length")).toBe(page === "bare" ? "5" : undefined);
    }
  });

  test("leaves as it is made, in flat memory", async () => {
    await fetchOk(engine, get("/large"));
    const before = await peakMemory(engine.process.pid);
    const { body } = await fetchOk(engine, get("/large"));
    expect(body.length).toBe(50_000_000);
    expect(await peakMemory(engine.process.pid)).toBeLessThan(before + 12_000_000);
  });
});

describe("a delayed response", () => {
  test("may be whole", async () => {
    const { header, body } = await fetchOk(engine, get("/later"));
    expect([header("content-length"), body]).toEqual(["5", "later"]);
  });

  test("may be written", async () => {
    expect((await fetchOk(engine, get("/streams"))).chunks).toEqual(["one ", "two "]);
  });

  test("ends with the code, even where its writer was left open", async () => {
    expect((await fetchOk(engine, get("/leaves_open"))).body).toBe("left open");
  });

  test("leaves piece by piece, while the request comes", async () => {
    const headers = [["Content-Length", "4"]] as const;
    engine.invoke(8, "web", undefined, { end: false, metadata: { http: get("/asks", { method: "POST", headers }) } });
    const pieces: string[] = [];
    while (!pieces.includes("ready ")) {
      const found = await engine.inbox.find((message): message is typeof message => message.code === Code.CHUNK);
      if (found.code === Code.CHUNK) pieces.push(Buffer.from(found.chunk).toString());
    }
    engine.write(8, Buffer.from("body"), true);
    expect((await engine.answer(8)).text).toBe("got body");
  });

  test("is complete, whatever the code does after it", async () => {
    expect((await fetchOk(engine, get("/fails_after"))).body).toBe("all of it");
    await expect.poll(() => engine.output()).toContain("after its response: after the fact");
  });
});

describe("a failure", () => {
  test("before the head is the job's error alone", async () => {
    const { status, error } = await fetch(engine, get("/fails"));
    expect(status).toBeUndefined();
    expect(error).toMatchObject({ error: "die", message: "before the head" });
  });

  test("after the head is the job's error as well, and the response is closed", async () => {
    const closed = times("closed");
    const { status, body, error } = await fetch(engine, get("/fails_late"));
    expect([status, body]).toEqual([200, "part"]);
    expect(error).toMatchObject({ error: "die", message: "after the head" });
    await expect.poll(() => times("closed")).toBe(closed + 1);
  });

  test.each([
    ["too_short", "Content-Length says 10, and the body has 5 bytes"],
    ["stops_short", "Content-Length says 10, and the body has 5 bytes"],
    ["hop_by_hop", "Connection is the server's own affair (hop-by-hop)"],
    ["splits", "header Location has a line break or another control character in it"],
    ["bad_name", "'Content Type' is not the name of a header"],
    ["named_status", "'Status' is not the name of a header"],
    ["wide_header", "header X-Own has a character beyond 255 in it"],
    ["undef_header", "header 'X-Own' has no value"],
    ["odd_headers", "headers are an array reference of names and values"],
    ["bad_length", "Content-Length 'many' is not a number"],
    ["bad_status", "a status is a number from 200 to 999, not 'fine'"],
    ["wide_body", "the body has characters beyond 255 in it: encode it"],
    ["undef_body", "a piece of the body is undef"],
    ["text_body", "a body is an array reference, a file handle or an object with getline"],
    ["no_body", "a response is an array reference of status, headers and body"],
    ["nothing", "a response is an array reference of status, headers and body"],
    ["never", "the application returned without a response"],
    ["twice", "the application responded twice"],
  ])("is what the server makes of %s", async (page, message) => {
    const answer = await fetch(engine, get(`/faulty/${page}`));
    expect(answer.error).toMatchObject({ error: "die", message: expect.stringContaining(message) });
  });

  test("is told where the response is complete already", async () => {
    await fetchOk(engine, get("/faulty/goes_on"));
    await expect.poll(() => engine.output()).toContain("the response is complete, and the application writes");
  });
});

describe("the body of a request", () => {
  const text = "line 1\nline 2\nline 3\nline 4\nline 5";
  const parts = ["line\u0000\u0000 1", "\n", "line 2\n", "line 3\n", "line 4\n", "line 5", 0];
  const post = (page: string, length?: number) => {
    const headers = length === undefined ? [] : [["Content-Length", String(length)] as const];
    return get(`/${page}`, { method: "POST", headers });
  };

  test("is read in every way", async () => {
    expect(JSON.parse((await fetchOk(engine, post("reads"), text)).body)).toEqual(parts);
  });

  test.each([text.length, undefined])("is read in every way while it comes, its length said as %s", async (length) => {
    engine.invoke(1, "web", "li", { end: false, metadata: { http: post("reads", length) } });
    for (const piece of ["ne 1\nline 2\nli", "ne 3\nline 4\nline", " 5"]) engine.write(1, Buffer.from(piece));
    engine.write(1, Buffer.alloc(0), true);
    expect(JSON.parse(read(await engine.answer(1)).body)).toEqual(parts);
  });

  test("may be empty", async () => {
    expect((await fetchOk(engine, post("counts"))).body).toBe("0 of all");
  });

  test.each([50_000_000, undefined])("is read in flat memory, its length said as %s", async (length) => {
    const before = await peakMemory(engine.process.pid);
    engine.invoke(2, "web", undefined, { end: false, metadata: { http: post("counts", length) } });
    await upload(engine, 2, 50_000_000);
    expect(read(await engine.answer(2)).body).toBe(`50000000 of ${length === undefined ? "all" : "a stream"}`);
    expect(await peakMemory(engine.process.pid)).toBeLessThan(before + 12_000_000);
  });

  test.each([11, undefined])("is a form of Plack::Request, its length said as %s", async (length) => {
    const http = post("form", length);
    const headers = [...http.headers, ["Content-Type", "application/x-www-form-urlencoded"] as const];
    engine.invoke(4, "web", "name", { end: false, metadata: { http: { ...http, headers } } });
    engine.write(4, Buffer.from("=Camel1"), true);
    expect(read(await engine.answer(4)).body).toBe("Camel1");
  });
});

test("what is written to psgi.errors is in the log", async () => {
  await fetchOk(engine, get("/error"));
  await expect.poll(() => engine.output()).toContain("to psgi.errors");
});

test("an application whose client went away is stopped where it reads", async () => {
  const headers = [["Content-Length", "100"]] as const;
  const http = get("/counts", { method: "POST", headers });
  engine.invoke(3, "web", "some", { end: false, metadata: { http } });
  await expect.poll(() => engine.mark()).toBe(3);
  engine.send({ code: Code.CANCEL, job: 3, reason: "the client went away" });
  expect((await engine.answer(3)).error).toMatchObject({ error: "cancelled" });
  expect((await fetchOk(engine, get("/bare"))).body).toBe("12345");
});

test("a job that no web driver sent runs the sub of its name", async () => {
  expect((await engine.call("event", "hello")).text).toBe("not a page: hello");
  expect((await engine.call("web", "hello")).error?.error).toBe("no-such-method");
});

test("a file without an application does not load", async () => {
  await using other = await startEngine(fixture("no_application.psgi"), { type: "perl+psgi" });
  expect((await other.exited).code).toBe(1);
  expect(other.output()).toContain("the last value of the file is no PSGI application");
});
