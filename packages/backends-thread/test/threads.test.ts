import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, createRegistry, isCocaineError } from "@cocaine/core";
import { defineDriver, z } from "@cocaine/core/plugin";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { jsLanguages } from "../../lang-js/src/index.ts";
import { pythonLanguages } from "../../lang-python/src/index.ts";
import { threadBackend } from "../src/index.ts";

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

const quiet = defineDriver({
  name: "quiet",
  options: z.strictObject({}),
  create: () => ({ start: async () => undefined, drain: async () => undefined, close: async () => undefined }),
});

async function deploy(methods: readonly string[], manifest: object = {}, engine: object = {}) {
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  const backend = threadBackend({ resourceLimits: { maxOldGenerationSizeMb: 64 } });
  const registry = createRegistry().use(jsLanguages()).use(pythonLanguages()).use(backend).use(quiet);
  const host = createHost({ registry, runtimeDir });
  onTestFinished(async () => {
    await host.close({ deadline: 500 });
    await rm(runtimeDir, { recursive: true, force: true });
  });
  await host.start();
  await host.deploy("app", {
    type: "js",
    args: fixture("jobs.mjs"),
    engine: { backend: "thread", "pool-limit": 1, ...engine },
    tasks: Object.fromEntries(methods.map((method) => [method, { type: "quiet" }])),
    ...manifest,
  });
  const call = async (method: string, request = "") => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of host.call("app", method, Buffer.from(request))) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  return { host, call };
}

describe("a worker thread", () => {
  it("that calls process.exit() ends alone, and is replaced", async () => {
    const { call } = await deploy(["leave", "echo"]);
    await expect(call("leave")).rejects.toMatchObject({ code: "COC_WORKER_CRASHED" });
    expect(await call("echo", "still here")).toBe("still here");
  });

  it("that uses more memory than it may ends alone, says why, and is replaced", async () => {
    const { call } = await deploy(["greed", "echo"]);
    await expect(call("greed")).rejects.toMatchObject({ message: expect.stringMatching(/memory/) });
    expect(await call("echo", "still here")).toBe("still here");
  });

  it("whose code throws outside of every job ends alone, says why, and is replaced", async () => {
    const { call } = await deploy(["late", "echo"]);
    await expect(call("late")).rejects.toMatchObject({ message: expect.stringMatching(/outside of every job/) });
    expect(await call("echo", "still here")).toBe("still here");
  });

  it("that prints faster than the engine reads waits, as a process does", async () => {
    const { call } = await deploy(["flood"]);
    const before = process.memoryUsage().rss;
    expect(await call("flood")).toBe("flooded");
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });

  it("has the environment of its manifest, and nothing of the server's", async () => {
    process.env.COC_TEST_SECRET = "of the server";
    onTestFinished(() => void delete process.env.COC_TEST_SECRET);
    const { call } = await deploy(["where"], { env: { COLOUR: "blue" } });
    expect(JSON.parse(await call("where")).env).toEqual({ COLOUR: "blue" });
  });

  it("is ended in the middle of a loop when the host closes", async () => {
    const { host, call } = await deploy(["greed"], {}, { "termination-grace": 60 });
    const job = call("greed").catch((error: unknown) => error);
    await vi.waitFor(() => expect(host.app("app").pool.workers[0]?.jobs).toBe(1));
    await host.close({ deadline: 0 });
    expect(isCocaineError(await job)).toBe(true);
  });
});

describe("a deploy", () => {
  it("of code that does not load says so with its stack", async () => {
    await expect(deploy(["echo"], { args: fixture("broken.mjs") })).rejects.toMatchObject({
      code: "COC_DEPLOY",
      message: expect.stringMatching(/it does not load/),
    });
  });

  it("of a language without threads names the way out", async () => {
    const app = fileURLToPath(new URL("../../lang-python/test/fixtures/conformance.py", import.meta.url));
    const refused = deploy(["echo"], { type: "python", args: app });
    await expect(refused).rejects.toMatchObject({ cause: { code: "COC_LANGUAGE_BACKEND" } });
    await expect(refused).rejects.toThrow(
      /"python" has no workers for the backend "thread": set engine.backend to another, or leave it out for "process"/,
    );
  });

  it("that asks for limits or a user is refused, since threads share their process's", async () => {
    await expect(deploy(["echo"], {}, { limits: { nofile: 100 } })).rejects.toThrow(/engine.limits.nofile/);
    await expect(deploy(["echo"], {}, { user: "www-data" })).rejects.toThrow(/engine.user \("www-data"\)/);
  });
});
