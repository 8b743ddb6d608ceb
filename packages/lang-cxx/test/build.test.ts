import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry } from "@cocaine/core";
import { silentLogger } from "@cocaine/core/plugin";
import { afterEach, beforeEach, expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { autoDriver } from "../../drivers-timer/src/index.ts";
import { cxxLanguage } from "../src/index.ts";
import { launchOf } from "./support/launch.ts";

let folder: string;
let cache: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cxx-build-"));
  cache = join(folder, "cache");
});

afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

/** Launches, and tells which program was made when. */
async function built(code: string, options = {}) {
  const { command } = await launchOf(code, { cache, ...options });
  const { ino, mtimeMs } = await stat(command);
  return { command, ino, mtimeMs };
}

test("what was built is found again by its content, wherever it lies", async () => {
  const first = await built(await file("app.cpp", "int main() {}\n"));
  expect(await built(join(folder, "app.cpp"))).toEqual(first);
  await mkdir(join(folder, "moved"));
  expect(await built(await file("moved/app.cpp", "// The same.\nint main() {}\n"))).toEqual(first);
});

test("a change of a file that is included is a new program", async () => {
  await file("value.hpp", "inline int value() { return 1; }\n");
  const code = await file("app.cpp", '#include "value.hpp"\nint main() { return value(); }\n');
  const first = await built(code);
  await file("value.hpp", "inline int value() { return 2; }\n");
  const second = await built(code);
  expect(second.command).not.toBe(first.command);
  await file("value.hpp", "inline int value() { return 1; }\n");
  expect(await built(code)).toEqual(first);
});

test("a change in a folder is a new program, but not what CMake or others leave there", async () => {
  await file("main.cpp", "int main() {}\n");
  await file("CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(p CXX)\nadd_executable(app main.cpp)\n");
  await rm(cache, { recursive: true, force: true });
  const elsewhere = await mkdtemp(join(tmpdir(), "cxx-cache-"));
  try {
    const first = await built(folder, { cache: elsewhere });
    await mkdir(join(folder, "build"));
    await file("build/CMakeCache.txt", "");
    await file(".hidden", "");
    expect(await built(folder, { cache: elsewhere })).toEqual(first);
    await file("main.cpp", "int main() { return 1; }\n");
    expect((await built(folder, { cache: elsewhere })).command).not.toBe(first.command);
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});

test("another compiler is a new program", async () => {
  const code = await file("app.cpp", "int main() {}\n");
  const compiler = await file("my-c++", '#!/bin/sh\nexec c++ "$@"\n');
  await chmod(compiler, 0o755);
  const first = await built(code);
  expect((await built(code, { compiler })).command).not.toBe(first.command);
});

/** A compiler that notes each program that it builds. */
async function countingCompiler() {
  const log = join(folder, "builds");
  const compiler = await file("counting", `#!/bin/sh\ncase "$*" in *" -o "*) echo >> ${log};; esac\nexec c++ "$@"\n`);
  await chmod(compiler, 0o755);
  return { compiler, builds: async () => (await readFile(log, "utf8")).length };
}

test("the same content is built once, however many deploy it at the same time", async () => {
  const { compiler, builds } = await countingCompiler();
  const code = await file("app.cpp", "int main() {}\n");
  const plugin = cxxLanguage({ cache, compiler });
  const launch = () => plugin.create({}, { log: silentLogger() }).launch({ name: "app", type: "cxx", code, env: {} });
  const launches = await Promise.all([launch(), launch(), launch()]);
  expect(new Set(launches.map((found) => JSON.stringify(found))).size).toBe(1);
  expect(await builds()).toBe(1);
});

test("two servers that build the same at the same time do not meet", async () => {
  const code = await file("app.cpp", "int main() {}\n");
  const [one, other] = await Promise.all([built(code), built(code)]);
  expect(one).toEqual(other);
  expect((await readdir(cache)).filter((name) => name.startsWith("building-"))).toEqual([]);
});

test("a program that is damaged is built anew", async () => {
  const code = await file("app.cpp", "int main() {}\n");
  const first = await built(code);
  await rm(first.command);
  expect((await built(code)).command).toBe(first.command);
});

test("a build that takes too long is ended with all that it started", async () => {
  const pid = join(folder, "pid");
  const compiler = await file(
    "hanging",
    `#!/bin/sh\ncase "$*" in *" -o "*) sleep 1000 & echo $! > ${pid}; wait;; *) exec c++ "$@";; esac\n`,
  );
  await chmod(compiler, 0o755);
  const code = await file("app.cpp", "int main() {}\n");
  await expect(built(code, { compiler, buildTimeout: 2 })).rejects.toMatchObject({
    code: "COC_LANGUAGE_BUILD",
    message: expect.stringContaining("it took more than 2 s"),
  });
  const child = Number(await readFile(pid, "utf8"));
  await expect.poll(() => isRunning(child)).toBe(false);
  expect(await readdir(cache)).toEqual([]);
});

/** Not gone, and not a zombie that nobody has waited for. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return status !== "" && !/\) [ZX] /.test(status);
}

test("a host that closes ends the build, and does not wait for it", async () => {
  const started = join(folder, "started");
  const compiler = await file(
    "hanging",
    `#!/bin/sh\ncase "$*" in *" -o "*) echo $$ > ${started}; sleep 1000;; *) exec c++ "$@";; esac\n`,
  );
  await chmod(compiler, 0o755);
  const code = await file("app.cpp", "int main() {}\n");
  const registry = createRegistry().use([cxxLanguage({ cache, compiler }), processBackend(), autoDriver()]);
  const host = createHost({ registry, runtimeDir: join(folder, "run") });
  await host.start();
  const deploy = host.deploy("app", { type: "cxx", args: code, tasks: { tick: { type: "auto", interval: 60_000 } } });
  const refused = expect(deploy).rejects.toMatchObject({ code: "COC_SHUTDOWN" });
  await expect.poll(() => readFile(started, "utf8").catch(() => "")).toMatch(/^\d+\n$/);
  await host.close();
  await refused;
  const pid = Number(await readFile(started, "utf8"));
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test("code that changes while it is built is not kept", async () => {
  const code = await file("app.cpp", "int main() {}\n");
  const compiler = await file(
    "meddling",
    `#!/bin/sh\ncase "$*" in *" -o "*) echo "int changed;" >> ${code};; esac\nexec c++ "$@"\n`,
  );
  await chmod(compiler, 0o755);
  await expect(built(code, { compiler })).rejects.toMatchObject({
    code: "COC_LANGUAGE_BUILD",
    message: expect.stringContaining("it changed while it was built"),
  });
});

test("programs that nobody has used for a month go, those that a process uses stay", async () => {
  const entries = { "old-1": "", "old-2": String(process.pid), "new-1": "" };
  for (const [name, user] of Object.entries(entries)) {
    await mkdir(join(cache, name, "users"), { recursive: true });
    await writeFile(join(cache, name, "entry.json"), "{}");
    if (user !== "") await writeFile(join(cache, name, "users", user), "");
    const used = name.startsWith("old") ? Date.now() / 1000 - 31 * 24 * 3600 : Date.now() / 1000;
    await utimes(join(cache, name, "entry.json"), used, used);
  }
  // No process has this number: the most there can be is 4,194,304.
  await mkdir(join(cache, "building-9999999-x"));
  await chmod(cache, 0o700);
  await built(await file("app.cpp", "int main() {}\n"));
  expect((await readdir(cache)).sort()).toEqual([expect.stringMatching(/^app-/), "new-1", "old-2"]);
});

test("of programs that nobody uses the last fifty are kept", async () => {
  for (let index = 0; index < 52; index++) {
    await mkdir(join(cache, `p-${index}`), { recursive: true });
    await writeFile(join(cache, `p-${index}`, "entry.json"), "{}");
    await utimes(join(cache, `p-${index}`, "entry.json"), 2e9 + index, 2e9 + index);
  }
  await chmod(cache, 0o700);
  await built(await file("app.cpp", "int main() {}\n"));
  const names = await readdir(cache);
  expect(names.length).toBe(51);
  expect(names).not.toContain("p-0");
  expect(names).not.toContain("p-1");
});

test("the folder of the programs is nobody else's", async () => {
  const code = await file("app.cpp", "int main() {}\n");
  await built(code);
  expect((await stat(cache)).mode & 0o777).toBe(0o711);
  await chmod(cache, 0o777);
  await expect(built(code)).rejects.toMatchObject({
    code: "COC_LANGUAGE_CACHE",
    message: expect.stringContaining("others may write to it (mode 0777)"),
  });
  await expect(built(code, { cache: join(code, "below") })).rejects.toMatchObject({
    code: "COC_LANGUAGE_CACHE",
    message: expect.stringContaining("ENOTDIR"),
  });
});
