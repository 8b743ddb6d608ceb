import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Code } from "@cocaine/core/plugin";
import { expect, test } from "vitest";
import { fixture, startEngine } from "./support/engine.ts";

const KIT = fileURLToPath(new URL("../python/cocaine_worker/__main__.py", import.meta.url));

const isHeartbeat = (message: { code: number }): message is { code: typeof Code.HEARTBEAT } =>
  message.code === Code.HEARTBEAT;

test("heartbeats come while a job keeps the processor busy", async () => {
  await using engine = await startEngine(fixture("app.py"), { heartbeat: 0.3 });
  await engine.hello();
  engine.invoke(1, "spins");
  await expect.poll(() => engine.mark()).toBe(1);
  for (let beats = 0; beats < 4; beats++) await engine.inbox.find(isHeartbeat);
});

test("the first message is HELLO, however long the code takes to load", async () => {
  await using engine = await startEngine(fixture("slow_start.py"), { heartbeat: 0.03 });
  await engine.hello();
  expect(engine.inbox.messages.filter(isHeartbeat).length).toBeLessThanOrEqual(1);
});

test.each(["echo", "spins", "sleeps", "counts", "waits_forever", "writes_forever"])(
  "the worker ends with its engine, whatever it does: %s",
  async (method) => {
    await using engine = await startEngine(fixture("app.py"));
    await engine.hello();
    engine.invoke(1, method, "3600", { end: method !== "counts" });
    await expect.poll(() => engine.mark()).toBe(1);
    await engine.leave();
    expect(await engine.exited).toEqual({ code: 1, signal: null });
  },
);

test("the worker ends with its engine while its code loads", async () => {
  await using engine = await startEngine(fixture("never_starts.py"));
  await expect.poll(() => engine.output()).toContain("loading");
  await engine.leave();
  expect(await engine.exited).toEqual({ code: 1, signal: null });
});

test.each([
  ["broken_syntax.py", /^ {2}File ".*broken_syntax\.py", line \d\n.*\n.*\nSyntaxError: /],
  [
    "broken_import.py",
    /^Traceback .*\n {2}File ".*broken_import\.py", line 3, in <module>\n[\s\S]*ModuleNotFoundError: /,
  ],
  ["leaves_at_start.py", /SystemExit: 0\n$/],
])("code that does not load is told by its traceback and status 1: %s", async (file, traceback) => {
  await using engine = await startEngine(fixture(file));
  expect(await engine.exited).toEqual({ code: 1, signal: null });
  expect(engine.output()).toMatch(traceback);
  expect(engine.inbox.messages).toEqual([]);
});

test("a connection that the engine refuses is an error", async () => {
  await using engine = await startEngine(fixture("app.py"), { identity: "stranger" });
  expect(await engine.exited).toEqual({ code: 1, signal: null });
  expect(engine.output()).toContain("the engine closed the connection");
});

test("the program says that it is none to be started by hand", async () => {
  const { stderr, code } = await promisify(execFile)("python3", [KIT]).catch((error) => error);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^this program is started by Cocaine: /);
});

test("a package is imported as one, from its folder or its __init__.py", async () => {
  for (const code of ["package", "package/__init__.py"]) {
    await using engine = await startEngine(fixture(code));
    await engine.hello();
    expect((await engine.call("where")).text).toBe("package package.inner");
  }
});

test("a module of a package is imported as its part", async () => {
  await using engine = await startEngine(fixture("package/inner.py"));
  await engine.hello();
  expect((await engine.call("name")).text).toBe("package.inner");
});

test.each(["json.py", "with-hyphen.py", "struct.py"])("a module may be called %s", async (name) => {
  const folder = await mkdtemp(join(tmpdir(), "python-name-"));
  try {
    await writeFile(join(folder, name), "def event(request):\n    return b'from ' + __file__.encode()\n");
    await using engine = await startEngine(join(folder, name));
    await engine.hello();
    expect((await engine.call("event")).text).toBe(`from ${join(folder, name)}`);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("an interpreter that is too old is named", async () => {
  await using engine = await startEngine(fixture("app.py"), { interpreter: fixture("old-python.sh") });
  expect(await engine.exited).toEqual({ code: 1, signal: null });
  expect(engine.output()).toMatch(/^Cocaine needs Python 3\.9 or later, and .* is Python 3\.8: install a later one/);
});
