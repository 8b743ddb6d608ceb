import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, createRegistry } from "@cocaine/core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
// By path: this package needs neither, and only its tests of the whole way run real workers.
import { processBackend } from "../../backends-process/src/index.ts";
import { jsLanguages } from "../../lang-js/src/index.ts";
import { httpDriver } from "../src/index.ts";
import { makeCertificate, temporaryFolder } from "./support/certificate.ts";
import { freePort } from "./support/port.ts";

// A real Chromium, in pages that the server gave it.

const APP = fileURLToPath(new URL("fixtures/browser_app.mjs", import.meta.url));
let browser: Browser;

beforeAll(async () => {
  const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  // It refuses to run as root with its sandbox; the pages are ours.
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
}, 60_000);
afterAll(() => browser?.close());

/** Deploys the site; each path is a task of the same name. */
async function deploy(scheme: "http" | "https"): Promise<string> {
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  const registry = createRegistry().use(jsLanguages()).use(processBackend()).use(httpDriver());
  const host = createHost({ registry, runtimeDir });
  onTestFinished(async () => {
    await host.close({ deadline: 1000 });
    await rm(runtimeDir, { recursive: true, force: true });
  });
  await host.start();
  const tls = scheme === "https" ? { tls: makeCertificate(temporaryFolder(), "site", "localhost") } : {};
  const endpoint = `${scheme}://127.0.0.1:${await freePort()}`;
  const task = (name: string, more: object = {}) => [
    name,
    { type: "server+http", endpoint, path: `/${name}`, ...tls, ...more },
  ];
  await host.deploy("site", {
    type: "js",
    args: APP,
    engine: { "pool-limit": 1 },
    tasks: Object.fromEntries([
      ...["page", "pieces", "go", "upload"].map((name) => task(name)),
      task("chat", { websocket: true }),
      task("shared", { cors: true }),
    ]),
  });
  return endpoint;
}

async function visit(url: string): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(`${url}/page`);
  return page;
}

/** Reads the first piece of a stream, then lets the second come. */
const readPieces = async () => {
  const reader = (await fetch("/pieces")).body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  await fetch("/go");
  const second = await reader?.read();
  return [first?.value, second?.value, (await reader?.read())?.done];
};

const talk = () =>
  new Promise<unknown[]>((resolve) => {
    const socket = new WebSocket("/chat");
    socket.binaryType = "arraybuffer";
    const heard: unknown[] = [];
    socket.onopen = () => {
      socket.send("grüße");
      socket.send(new Uint8Array([0, 255]));
    };
    socket.onmessage = ({ data }) => {
      heard.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
      if (heard.length === 2) socket.close(4001, "enough");
    };
    socket.onclose = ({ code, reason, wasClean }) => resolve([...heard, code, reason, wasClean]);
  });

describe.each([
  ["http", "http/1.1"],
  ["https", "h2"],
] as const)("a browser over %s", (scheme, protocol) => {
  it("has a page, reads a stream as it comes, and talks over a WebSocket", async () => {
    const page = await visit(await deploy(scheme));
    expect(await page.textContent("h1")).toBe("Hello");
    const spoken = await page.evaluate('performance.getEntriesByType("navigation")[0].nextHopProtocol');
    expect(spoken).toBe(protocol);
    expect(await page.evaluate(readPieces)).toEqual(["first ", "second", true]);
    expect(await page.evaluate(talk)).toEqual(["grüße", [0, 255], 4001, "enough", true]);
  });

  it("uploads", async () => {
    const page = await visit(await deploy(scheme));
    const answer = await page.evaluate(async () => {
      const body = new Blob([new Uint8Array(5_000_000)]);
      return (await fetch("/upload", { method: "POST", body })).json();
    });
    expect(answer).toEqual({ bytes: 5_000_000, streamed: true, version: scheme === "http" ? "1.1" : "2.0" });
  });
});

it("streams an upload over HTTP/2", async () => {
  const page = await visit(await deploy("https"));
  const answer = await page.evaluate(async () => {
    const { readable, writable } = new TransformStream();
    const init = { method: "POST", body: readable, duplex: "half" as const };
    const response = fetch("/upload", init);
    const writer = writable.getWriter();
    for (let piece = 0; piece < 10; piece++) await writer.write(new Uint8Array(1000));
    await writer.close();
    return (await response).json();
  });
  expect(answer).toMatchObject({ bytes: 10_000, version: "2.0" });
});

it("reads what another origin shares with cors, after a preflight, and nothing else", async () => {
  const there = await deploy("http");
  const page = await visit(await deploy("http"));
  const ask = (url: string) =>
    page.evaluate(
      (to) =>
        fetch(to, { method: "PUT", headers: { "X-One": "1" } }).then(
          (response) => response.text(),
          (error) => String(error),
        ),
      url,
    );
  expect(await ask(`${there}/shared`)).toBe("PUT");
  expect(await ask(`${there}/upload`)).toMatch(/Failed to fetch/);
});
