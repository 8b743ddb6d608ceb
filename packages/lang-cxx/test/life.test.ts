import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { Code } from "@cocaine/core/plugin";
import { expect, test } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { startEngine } from "./support/engine.ts";
import { fixture, launchOf } from "./support/launch.ts";

const app = fixture("app.cpp");
const isHeartbeat = (message: { code: number }): message is { code: typeof Code.HEARTBEAT } =>
  message.code === Code.HEARTBEAT;

test("a worker says what it is, and which handlers it has", async () => {
  await using engine = await startEngine(app);
  const { hello } = await engine.hello();
  expect(hello).toMatchObject({
    protocol: 1,
    pid: engine.process.pid,
    language: "cxx",
    kit: `cxx/${packageJson.version}`,
    progress: true,
    methods: expect.arrayContaining(["echo", 'without quotes "\\']),
  });
});

test("heartbeats come while a job keeps the processor busy", async () => {
  await using engine = await startEngine(app, { heartbeat: 0.3 });
  await engine.hello();
  engine.invoke(1, "spins");
  await expect.poll(() => engine.mark()).toBe(1);
  for (let beats = 0; beats < 4; beats++) await engine.inbox.find(isHeartbeat);
});

test.each([
  ["echo", 1],
  ["spins", 1],
  ["sleeps", 1],
  ["counts", 1],
  ["writes_forever", 1],
  ["spins", 4],
  ["counts", 4],
  ["writes_forever", 4],
])("the worker ends with its engine, whatever it does: %s, %i at once", async (method, concurrency) => {
  await using engine = await startEngine(app, { concurrency });
  await engine.hello();
  engine.invoke(1, method, "3600000", { end: method !== "counts" });
  engine.invoke(2, "echo", "next");
  if (concurrency > 1) await engine.answer(2);
  await engine.leave();
  expect(await engine.exited).toEqual({ code: 1, signal: null });
});

test("SIGTERM ends a worker as it ends any program", async () => {
  await using engine = await startEngine(app);
  await engine.hello();
  engine.process.kill("SIGTERM");
  expect(await engine.exited).toEqual({ code: null, signal: "SIGTERM" });
});

test("a connection that the engine refuses is an error", async () => {
  await using engine = await startEngine(app, { identity: "stranger" });
  expect(await engine.exited).toEqual({ code: 1, signal: null });
  expect(engine.output()).toContain("the engine closed the connection");
});

test.each([
  [{}, "this program is started by Cocaine: COCAINE_ENDPOINT and COCAINE_IDENTITY needed"],
  [{ COCAINE_ENDPOINT: "tcp://1", COCAINE_IDENTITY: "w" }, "a worker connects to ipc://<path>"],
  [{ COCAINE_ENDPOINT: "ipc:///nowhere/bus", COCAINE_IDENTITY: "w" }, "/nowhere/bus: No such file or directory"],
  [{ COCAINE_ENDPOINT: `ipc:///${"x".repeat(200)}`, COCAINE_IDENTITY: "w" }, "too long for a Unix socket"],
  [
    { COCAINE_ENDPOINT: "ipc:///x", COCAINE_IDENTITY: "w", COCAINE_PROGRESS: "/nowhere/mark" },
    "/nowhere/mark: No such",
  ],
])("a worker that cannot serve says why: %o", async (env, why) => {
  const { command } = await launchOf(app);
  const { stderr, code } = await promisify(execFile)(command, [], { env }).catch((error) => error);
  expect(code).toBe(1);
  expect(stderr).toContain(why);
});

test("what the code prints leaves line by line", async () => {
  await using engine = await startEngine(app);
  await engine.hello();
  engine.invoke(1, "prints");
  engine.invoke(2, "spins");
  await expect.poll(() => engine.output()).toBe("a line\nanother line\n");
});

test("an idle worker is small", async () => {
  await using engine = await startEngine(app);
  await engine.hello();
  await engine.call("echo", "hello");
  const status = await readFile(`/proc/${engine.process.pid}/status`, "utf8");
  expect(Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1])).toBeLessThan(16_384);
});

test("codes and frames of a later version are ignored", async () => {
  await using engine = await startEngine(app);
  await engine.hello();
  engine.sendFrames([
    Buffer.from([99, 0, 0, 0, 0, 0, 0, 1]),
    Buffer.from("a"),
    Buffer.alloc(300),
    Buffer.from("c"),
    Buffer.from("d"),
  ]);
  expect((await engine.call("echo", "still here")).text).toBe("still here");
});
