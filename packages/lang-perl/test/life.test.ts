import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Code } from "@cocaine/core/plugin";
import { expect, test } from "vitest";
import { type Engine, fixture, startEngine } from "./support/engine.ts";

const KIT = fileURLToPath(new URL("../perl/bin/cocaine-worker", import.meta.url));

const isHeartbeat = (message: { code: number }): message is { code: typeof Code.HEARTBEAT } =>
  message.code === Code.HEARTBEAT;

test.each(["spins", "sleeps", "naps", "counts"])("heartbeats come while a job is busy: %s", async (method) => {
  await using engine = await startEngine(fixture("app.pl"), { heartbeat: 0.3 });
  await engine.hello();
  engine.invoke(1, method, "3600", { end: method !== "counts" });
  await expect.poll(() => engine.mark()).toBe(1);
  for (let beats = 0; beats < 4; beats++) await engine.inbox.find(isHeartbeat);
});

test("a pause lasts as long as it should, whatever beats meanwhile", async () => {
  await using engine = await startEngine(fixture("app.pl"), { heartbeat: 0.3 });
  await engine.hello();
  for (const [method, seconds] of [
    ["sleeps", 1],
    ["naps", 0.5],
  ] as const) {
    const start = performance.now();
    expect((await engine.call(method, String(seconds))).text).toBe("slept");
    expect(performance.now() - start).toBeGreaterThanOrEqual(seconds * 1000 - 20);
  }
});

test("heartbeats never come into the middle of an answer", async () => {
  await using engine = await startEngine(fixture("app.pl"), { heartbeat: 0.006 });
  await engine.hello();
  const { chunks, error } = await engine.call("large", "30");
  expect(error).toBeUndefined();
  expect(chunks.map(({ length }) => length)).toEqual(Array.from({ length: 30 }, () => 1_000_000));
  await engine.inbox.find(isHeartbeat);
});

test("the first message is HELLO, however long the code takes to load", async () => {
  await using engine = await startEngine(fixture("slow_start.pl"), { heartbeat: 0.03 });
  await engine.hello();
  expect(engine.inbox.messages.filter(isHeartbeat).length).toBeLessThanOrEqual(1);
});

test.each(["echo", "spins", "sleeps", "counts", "writes_forever"])(
  "the worker ends with its engine, whatever it does: %s",
  async (method) => {
    await using engine = await startEngine(fixture("app.pl"));
    await engine.hello();
    engine.invoke(1, method, "3600", { end: method !== "counts" });
    await expect.poll(() => engine.mark()).toBe(1);
    await engine.leave();
    expect(await engine.exited).toEqual({ code: 1, signal: null });
  },
);

test("the worker ends with its engine while its code loads", async () => {
  await using engine = await startEngine(fixture("never_starts.pl"));
  await expect.poll(() => engine.output()).toContain("loading");
  await engine.leave();
  expect(await engine.exited).toEqual({ code: 1, signal: null });
});

test("what watches the worker ends with it, however it ends", async () => {
  await using engine = await startEngine(fixture("app.pl"));
  await engine.hello();
  await expect.poll(() => watchersOf(engine)).toHaveLength(1);
  engine.process.kill("SIGKILL");
  await engine.exited;
  await expect.poll(() => watchersOf(engine)).toHaveLength(0);
});

test.each([
  ["broken_syntax.pl", /^syntax error at .*broken_syntax\.pl line 5, near/],
  ["broken_use.pl", /^Can't locate No\/Such\/Module\.pm in @INC .* at .*broken_use\.pl line 3\./],
  ["leaves_at_start.pl", /^leaving\nthe code called exit\(0\)\n$/],
])("code that does not load is told by Perl's own message and status 1: %s", async (file, message) => {
  await using engine = await startEngine(fixture(file));
  expect(await engine.exited).toEqual({ code: 1, signal: null });
  expect(engine.output()).toMatch(message);
  expect(engine.inbox.messages).toEqual([]);
});

test("a connection that the engine refuses is an error", async () => {
  await using engine = await startEngine(fixture("app.pl"), { identity: "stranger" });
  expect(await engine.exited).toEqual({ code: 1, signal: null });
  expect(engine.output()).toContain("the engine closed the connection");
});

test("the program says that it is none to be started by hand", async () => {
  const { stderr, code } = await promisify(execFile)("perl", [KIT]).catch((error) => error);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^this program is started by Cocaine: /);
});

test("a module is loaded once, under its own name, with what lies beside its folders", async () => {
  await using engine = await startEngine(fixture("lib/Shop/Prices.pm"));
  const { hello } = await engine.hello();
  expect(hello.methods).toEqual(["again", "where"]);
  expect((await engine.call("where")).text).toBe("Shop::Prices Shop::Names");
  expect((await engine.call("again")).text).toBe("loaded once: 1");
});

test("an interpreter that is too old is named", async () => {
  await using engine = await startEngine(fixture("app.pl"), { interpreter: fixture("old-perl.sh") });
  expect(await engine.exited).toEqual({ code: 1, signal: null });
  expect(engine.output()).toMatch(/^Cocaine needs Perl 5\.26 or later, and .* is Perl 5\.024001: install a later one/);
});

/** Processes that watch a worker. */
async function watchersOf(engine: Engine): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir("/proc")) {
    const title = /^\d+$/.test(pid) ? await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "") : "";
    if (title.startsWith(`cocaine-worker: pulse of ${engine.process.pid}\0`)) found.push(pid);
  }
  return found;
}
