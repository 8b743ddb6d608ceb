import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnyPlugin, createHost, createRegistry, type Host } from "@cocaine/core";
import { type DriverContext, isCocaineError, WINDOW } from "@cocaine/core/plugin";
import { createQuietDriver } from "./quiet-driver.ts";
import type { Test } from "./test.ts";
import { until } from "./until.ts";

/** What a language is tested with. */
export interface LanguageSuite {
  readonly test: Test;
  /** The language and the backend that its workers run on. */
  readonly plugins: readonly AnyPlugin[];
  /** Name of the language. */
  readonly type: string;
  /** Name of the backend. @defaultValue "process" */
  readonly backend?: string;
  /** Absolute path of the app of the README, in that language. */
  readonly app: string;
  /** What the manifest says under `engine`, for example `{ concurrency: 8 }`. */
  readonly engine?: object;
  /** The app's functions take and give JSON values: all texts of the suite are JSON strings then. @defaultValue false */
  readonly json?: boolean;
}

const METHODS = ["echo", "size", "flood", "fail", "hang", "sleep", "noise"] as const;
type Method = (typeof METHODS)[number];
const MANY = 50 * 2 ** 20;

/** A host that runs the app, and the ways to call it. */
interface Running {
  readonly host: Host;
  /** Sends a text, and gives the text of the answer. */
  call(method: Method, request?: string): Promise<string>;
  /** Sends bytes as they are, or a text, and gives the bytes of the answer. */
  send(method: Method, request: string | Uint8Array): Promise<Buffer>;
  open(method: Method, request: string): AsyncIterable<Uint8Array>;
  trigger(method: Method, ...args: Parameters<DriverContext["trigger"]>): ReturnType<DriverContext["trigger"]>;
}

/** Tests that the apps of a language behave as those of any other, through the engine and a backend. */
export function testLanguage({
  test,
  plugins,
  type,
  backend = "process",
  app,
  engine: common = {},
  json = false,
}: LanguageSuite): void {
  const encode = (text: string) => Buffer.from(json ? JSON.stringify(text) : text);
  const decode = (bytes: Buffer): string => (json ? JSON.parse(bytes.toString()) : bytes.toString());
  const languageTest = (
    name: string,
    run: (running: Running) => Promise<void>,
    { engine = {}, policy = {} }: { engine?: object; policy?: object } = {},
  ) =>
    test(`language ${type}, ${backend}: ${name}`, async () => {
      const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
      const driver = createQuietDriver();
      const host = createHost({ registry: createRegistry().use([...plugins, driver.plugin]), runtimeDir });
      try {
        await host.start();
        const tasks = Object.fromEntries(METHODS.map((method) => [method, { type: "quiet", ...policy }]));
        await host.deploy("app", { type, args: app, engine: { backend, ...common, ...engine }, tasks });
        const open = (method: Method, request: string | Uint8Array) =>
          host.call("app", method, typeof request === "string" ? encode(request) : request);
        await run({
          host,
          open,
          send: async (method, request) => Buffer.concat(await all(open(method, request))),
          call: async (method, request = "") => decode(Buffer.concat(await all(open(method, request)))),
          trigger: (method, ...args) => driver.contextOf(method).trigger(...args),
        });
      } finally {
        await host.close({ deadline: 1000 });
        await rm(runtimeDir, { recursive: true, force: true });
      }
    });

  languageTest("echo", async ({ call }) => {
    assert.equal(await call("echo", "hello"), "hello");
  });

  languageTest("chunks", async ({ trigger, send }) => {
    const chunks: Uint8Array[] = [];
    await new Promise<void>((resolve, reject) => {
      const sink = {
        write: (chunk: Uint8Array) => chunks.push(Uint8Array.from(chunk)) > 0,
        end: resolve,
        fail: reject,
      };
      const handle = trigger("echo", { end: false }, sink);
      const request = encode("abbccc");
      for (const [from, to] of [[0, 1], [1, 3], [3, 3], [3]]) {
        handle.write(request.subarray(from, to));
      }
      handle.end();
    });
    assert.equal(decode(Buffer.concat(chunks)), "abbccc");
    assert.equal(countOf(await send("flood", "200000")), 200_000);
  });

  languageTest("empty", async ({ call, send }) => {
    assert.equal(await call("echo"), "");
    assert.equal(await call("size"), "0");
    assert.equal((await send("flood", "0")).length, 0);
  });

  languageTest("unicode and bytes", async ({ call, send }) => {
    const text = "grüße, мир, 你好, 😀\u0000";
    assert.equal(await call("echo", text), text);
    // JSON has no bytes.
    if (json) return;
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    assert.deepEqual(await send("echo", bytes), bytes);
  });

  languageTest("50 MB in", async ({ call }) => {
    assert.equal(await call("size", "x".repeat(MANY)), String(MANY));
  });

  languageTest("50 MB out", async ({ open }) => {
    let bytes = 0;
    for await (const chunk of open("flood", String(MANY))) bytes += countOf(chunk);
    assert.equal(bytes, MANY);
  });

  languageTest("an exception is an error with its message, and the worker lives on", async ({ host, call }) => {
    await assert.rejects(call("fail", "no luck: ж"), (error: unknown) => {
      assert.ok(isCocaineError(error));
      assert.equal(error.code, "COC_JOB_FAILED");
      assert.match(error.message, /no luck: ж/);
      return true;
    });
    const [worker] = host.app("app").pool.workers;
    assert.equal(await call("echo", "still here"), "still here");
    assert.equal(host.app("app").pool.workers[0]?.id, worker?.id);
  });

  languageTest("cancel: a stream that is left ends, and its worker serves on", async ({ host, open, call }) => {
    for await (const _ of open("flood", "1000000000000")) break;
    await until("the worker has ended the job", () => host.app("app").pool.workers.every(({ jobs }) => jobs === 0));
    assert.equal(await call("echo", "next"), "next");
    assert.equal(host.app("app").pool.starts, 1);
  });

  languageTest(
    "deadline: a job that hangs is answered in time, and its worker is replaced",
    async ({ host, call }) => {
      await assert.rejects(call("hang"), (error: unknown) => isCocaineError(error) && error.code === "COC_DEADLINE");
      await until("the worker is gone", () => host.app("app").pool.ends.COC_WORKER_KILLED === 1);
      assert.equal(await call("echo", "next"), "next");
    },
    { engine: { "cancel-grace": 0.2, "termination-grace": 0.2 }, policy: { timeout: 1 } },
  );

  languageTest("a reader that stalls stops the worker, and loses nothing", async ({ host, open }) => {
    const total = 8 * 2 ** 20;
    let bytes = 0;
    const reader = open("flood", String(total))[Symbol.asyncIterator]();
    bytes += countOf((await reader.next()).value);
    const sent = () => host.app("app").tasks.flood?.bytes.sent ?? 0;
    let before = -1;
    await until("no more comes", async () => {
      const same = sent() === before;
      before = sent();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return same && before >= WINDOW;
    });
    assert.ok(before <= 4 * WINDOW, `${before} bytes came for a reader that stalls`);
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) bytes += countOf(next.value);
    assert.equal(bytes, total);
  });

  languageTest(
    "many jobs at once have their own answers",
    async ({ call }) => {
      const requests = Array.from({ length: 40 }, (_, index) => String(5 + (index % 7)));
      const answers = await Promise.all(requests.map((request) => call("sleep", request)));
      assert.deepEqual(answers, requests);
    },
    { engine: { "pool-limit": 4 } },
  );

  languageTest("what the code prints is no answer", async ({ call }) => {
    assert.equal(await call("noise", "12345"), "quiet");
    assert.equal(await call("echo", "next"), "next");
  });

  languageTest("terminate: a worker that is told to end ends its job first", async ({ host, call }) => {
    const job = call("sleep", "300");
    await until("the job runs", () => host.app("app").pool.workers.some(({ jobs }) => jobs === 1));
    await host.restart("app");
    assert.equal(await job, "300");
    await until("the old worker is gone", () => host.app("app").pool.workers.length === 1);
    assert.deepEqual(host.app("app").pool.ends, { retired: 1 });
  });
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return collected;
}

/** How many `x` a piece of a flood has; in JSON they are in quotes. */
function countOf(piece: Uint8Array): number {
  const X = 0x78;
  let first = piece.indexOf(X);
  if (first < 0) return 0;
  const last = piece.lastIndexOf(X);
  let count = 0;
  for (; first <= last; first++) if (piece[first] === X) count++;
  return count;
}
