import { readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createHost, createRegistry, type Host, isCocaineError } from "@cocaine/core";
import { defineDriver, type LogFields, type ModuleLaunch, silentLogger, z } from "@cocaine/core/plugin";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { threadBackend } from "../../backends-thread/src/index.ts";
import { fixture, language } from "./support/launch.ts";

const quiet = defineDriver({
  name: "quiet",
  options: z.strictObject({}),
  create: () => ({ start: async () => undefined, drain: async () => undefined, close: async () => undefined }),
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cxx-thread-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function deploy(code: string, methods: readonly string[], engine: object = {}, manifest: object = {}) {
  const lines: string[] = [];
  const write = (fields: LogFields, line: string) => void lines.push(`${fields.stream ?? fields.colour ?? ""} ${line}`);
  const log = { ...silentLogger(), debug: write, info: write, warn: write, error: write, child: () => log };
  const registry = createRegistry().use([language, threadBackend(), quiet]);
  const host: Host = createHost({ registry, runtimeDir: await temporaryFolder(), log });
  onTestFinished(() => host.close({ deadline: 500 }));
  await host.start();
  await host.deploy("app", {
    type: "cxx",
    args: code,
    engine: { backend: "thread", "pool-limit": 1, ...engine },
    tasks: Object.fromEntries(methods.map((method) => [method, { type: "quiet" }])),
    ...manifest,
  });
  const call = async (method: string, request = "") => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of host.call("app", method, Buffer.from(request))) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  return { host, call, lines };
}

/** Libraries of apps in the memory of this process. */
const loaded = () =>
  new Set(
    readFileSync("/proc/self/maps", "utf8")
      .split("\n")
      .filter((line) => line.includes("/.app.so-"))
      .map((line) => line.replace(/^.* (?=\/)/, "")),
  );
const threads = () => readdirSync("/proc/self/task").length;
const launchOf = (code: string, more: object = {}) =>
  language
    .create({}, { log: silentLogger() })
    .launch({ name: "app", type: "cxx", code, env: {}, launches: "module", ...more });

describe("an app in threads", () => {
  const app = fixture("thread.cpp");

  it("has globals of its own in each worker", async () => {
    const { host, call } = await deploy(app, ["count"], { "pool-min": 2, "pool-limit": 2, "queue-limit": 1000 });
    await vi.waitFor(() =>
      expect(host.app("app").pool.workers.filter(({ state }) => state === "ready")).toHaveLength(2),
    );
    const counts = await Promise.all(Array.from({ length: 200 }, () => call("count")));
    // Two workers that each counted for itself: some number was said twice.
    expect(new Set(counts).size).toBeLessThan(200);
    for (const text of counts) expect(new Set(text.split(" ")).size).toBe(1);
  });

  it("prints to the log, and logs with fields", async () => {
    const { call, lines } = await deploy(app, ["print", "log"]);
    await call("print", "hello");
    await call("log");
    const expected = [
      "stderr before run()",
      "stdout out: hello",
      "stderr error: hello",
      "stderr log: hello",
      "blue of the job",
    ];
    await vi.waitFor(() => expect(lines).toEqual(expect.arrayContaining(expected)));
  });

  it("waits where it prints faster than is read", async () => {
    const { call } = await deploy(app, ["flood"]);
    const before = process.memoryUsage().rss;
    expect(await call("flood")).toBe("flooded");
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });

  it("leaves no thread, no library and no file, however often its workers are replaced", async () => {
    const { host, call } = await deploy(app, ["count"]);
    await call("count");
    const before = { threads: threads(), libraries: loaded().size };
    for (let round = 0; round < 20; round++) {
      await host.restart("app");
      expect(await call("count")).toBe("1 1 1");
    }
    await vi.waitFor(() => expect({ threads: threads(), libraries: loaded().size }).toEqual(before));
    const launch = (await launchOf(app)) as ModuleLaunch;
    expect((await readdir(dirname(launch.args[0] ?? ""))).filter((name) => name.startsWith("."))).toEqual([]);
    await host.close();
    await vi.waitFor(() => expect(loaded().size).toBe(before.libraries - 1));
  });

  it("hears that nobody waits when its worker is ended, and its threads end", async () => {
    const { host } = await deploy(app, ["patient"]);
    await vi.waitFor(() => expect(host.app("app").pool.workers[0]?.state).toBe("ready"));
    const before = threads();
    const job = host.call("app", "patient", new Uint8Array())[Symbol.asyncIterator]();
    await job.next();
    expect(threads()).toBeGreaterThan(before);
    const failed = expect(job.next()).rejects.toSatisfy(isCocaineError);
    await host.close({ deadline: 0 });
    await failed;
    await vi.waitFor(() => expect(threads()).toBeLessThan(before));
  });

  it("is refused where it is a program, or wants an environment or a user of its own", async () => {
    const launch = (await language
      .create({}, { log: silentLogger() })
      .launch({ name: "app", type: "cxx", code: app, env: {} })) as { command: string };
    await expect(launchOf(launch.command)).rejects.toMatchObject({
      code: "COC_LANGUAGE_CODE",
      message: expect.stringMatching(/a program cannot run in a thread/),
    });
    await expect(launchOf(app, { env: { COLOUR: "blue" } })).rejects.toMatchObject({
      code: "COC_LANGUAGE_BACKEND",
      message: expect.stringMatching(/env\.COLOUR of app "app" would not reach it/),
    });
  });

  it("may be a library that somebody else built, which no process runs", async () => {
    const folder = await temporaryFolder();
    const built = (await launchOf(app)) as ModuleLaunch;
    const own = join(folder, "own.so");
    await copyFile(built.args[0] ?? "", own);
    const { call } = await deploy(own, ["count"]);
    expect(await call("count")).toBe("1 1 1");
    await expect(launchOf(own, { launches: "command" })).rejects.toMatchObject({ code: "COC_LANGUAGE_CODE" });
  });

  it("may be a folder that CMake builds", async () => {
    const { call } = await deploy(fixture("project"), ["greet"]);
    expect(await call("greet", "world")).toBe("hello, world");
  });

  it.each([
    [
      "throws",
      '#include <stdexcept>\nint main() { throw std::runtime_error{"no luck"}; }',
      /std::runtime_error: no luck/,
    ],
    ["returns", "int main() { return 3; }", /main\(\) returned 3 without a call of run\(\)/],
  ])("whose main() %s does not come up, and says why", async (_, text, reason) => {
    const folder = await temporaryFolder();
    const code = join(folder, "app.cpp");
    await writeFile(code, `#include <cocaine/worker.hpp>\n${text}\n`);
    await expect(deploy(code, ["any"])).rejects.toMatchObject({ message: expect.stringMatching(reason) });
  });
});
