import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry } from "@cocaine/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { httpDriver } from "../../drivers-http/src/index.ts";
import { type Engine, startEngine } from "./support/engine.ts";
import { fixture, language } from "./support/launch.ts";

let engine: Engine;

beforeAll(async () => {
  engine = await startEngine(fixture("app.cpp"));
  await engine.hello();
});

afterAll(() => engine[Symbol.asyncDispose]());

function http(url: string) {
  return {
    method: "POST",
    url,
    httpVersion: "1.1",
    headers: [
      ["Host", "example.org:8080"],
      ["X-Text", 'quoted "é\\'],
    ],
    remote: { address: "192.0.2.7", port: 50_000 },
    local: { address: "192.0.2.1", port: 80 },
    tls: false,
    path: "/",
  };
}

/** The chunks of the response: its head, and the body. */
async function fetch(url: string, body = "", method = "web") {
  const { chunks, error } = await engine.call(method, body, { metadata: { http: http(url) } });
  const [head, ...rest] = chunks.map((chunk) => Buffer.from(chunk).toString());
  return { head: head === undefined ? undefined : JSON.parse(head), body: rest.join(""), error };
}

test("a web task knows the request, and answers with head and body", async () => {
  expect(await fetch("/shop?a=1", "the body")).toEqual({
    head: {
      status: 201,
      headers: [
        ["Content-Type", "text/plain"],
        ["X-Quote", '"é\\'],
      ],
    },
    body: 'POST /shop?a=1 1.1 example.org:8080 quoted "é\\ 192.0.2.7:50000 plain / the body',
    error: undefined,
  });
});

const plain = { status: 200, headers: [["Content-Type", "application/octet-stream"]] };

test("a client of server+http is served, both ways in pieces", async () => {
  const runtimeDir = await mkdtemp(join(tmpdir(), "cxx-web-"));
  const host = createHost({ registry: createRegistry().use([language, processBackend(), httpDriver()]), runtimeDir });
  try {
    await host.start();
    const tasks = { web: { type: "server+http", endpoint: "http://127.0.0.1:0" } };
    const app = await host.deploy("shop", { type: "cxx", args: fixture("app.cpp"), tasks });
    const body = "x".repeat(3_000_000);
    const response = await globalThis.fetch(`${app.tasks.web?.driver.endpoint}/shop?a=1`, { method: "POST", body });
    expect(response.status).toBe(201);
    expect(response.headers.get("x-quote")).toBe('"é\\');
    const text = await response.text();
    expect(text.slice(0, 20)).toBe("POST /shop?a=1 1.1 1");
    expect(text.length - text.indexOf("xxx")).toBe(body.length);
  } finally {
    await host.close();
    await rm(runtimeDir, { recursive: true });
  }
});

test("a response without a head has one", async () => {
  expect(await fetch("/bare")).toEqual({ head: plain, body: "no head", error: undefined });
  expect(await fetch("/nothing")).toEqual({ head: plain, body: "", error: undefined });
  expect(await fetch("/", "to nobody", "echo")).toEqual({ head: plain, body: "to nobody", error: undefined });
  expect(await fetch("/", "", "about")).toMatchObject({ body: expect.stringMatching(/ about web$/) });
});

test.each([
  ["/late", "std::logic_error", "head() comes before the first chunk, and once"],
  ["/status", "std::invalid_argument", "a status is a number from 200 to 999, not 42"],
  ["/name", "std::invalid_argument", '"Content Type" is not the name of a header'],
  [
    "/split",
    "std::invalid_argument",
    "header Location has a control character in it, or one that a header cannot have",
  ],
  ["/hop", "std::invalid_argument", "header Connection is the server's own affair: it must not be set"],
  ["/wide", "std::invalid_argument", "header X-Name has a control character in it, or one that a header cannot have"],
])("a head that cannot be sent fails the job: %s", async (url, error, message) => {
  expect((await fetch(url)).error).toMatchObject({ error, message });
});

test("a job of another driver has no request of that kind", async () => {
  expect((await engine.call("web")).error).toMatchObject({
    error: "std::logic_error",
    message: "http() belongs to jobs of web tasks, and this is none",
  });
});
