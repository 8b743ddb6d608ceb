import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry } from "@cocaine/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { autoDriver } from "../../drivers-timer/src/index.ts";
import { cxxLanguage } from "../src/index.ts";
import { startEngine } from "./support/engine.ts";
import { fixture, language, launchOf } from "./support/launch.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cxx-language-"));
});

afterEach(() => rm(folder, { recursive: true }));

const file = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
const PROJECT = "cmake_minimum_required(VERSION 3.16)\nproject(test CXX)\n";

test("a source is built and launched in its folder", async () => {
  const code = await file("app.cpp", "int main() {}");
  expect(await launchOf(code)).toMatchObject({
    kind: "command",
    command: expect.stringMatching(/\/app-[0-9a-f]{32}\/app$/),
    args: [],
    cwd: folder,
    concurrency: 1,
  });
});

test("a program is launched as it is", async () => {
  const code = await file("app", "#!/bin/sh\n");
  await chmod(code, 0o755);
  expect(await launchOf(code)).toMatchObject({ command: code, args: [], cwd: folder });
});

test("a folder is built by CMake, and finds the kit and its own libraries", async () => {
  await using engine = await startEngine(fixture("project"));
  expect(await engine.hello()).toMatchObject({ hello: { language: "cxx", methods: ["greet"], progress: true } });
  expect((await engine.call("greet", "world")).text).toBe("hello, world");
});

test("of several executables that of the folder's name is launched, or app", async () => {
  await file("one.cpp", "int main() {}");
  await file("CMakeLists.txt", `${PROJECT}add_executable(one one.cpp)\nadd_executable(app one.cpp)\n`);
  expect((await launchOf(folder)).command).toMatch(/\/app$/);
  const named = join(folder, "one");
  await mkdir(named);
  await writeFile(join(named, "one.cpp"), "int main() {}");
  await writeFile(
    join(named, "CMakeLists.txt"),
    `${PROJECT}add_executable(one one.cpp)\nadd_executable(app one.cpp)\nadd_executable(odd EXCLUDE_FROM_ALL one.cpp)\n`,
  );
  expect((await launchOf(named)).command).toMatch(/\/one$/);
});

test("a folder that makes no executable, or cannot say which, is an error", async () => {
  await file("one.cpp", "int main() {}");
  await file("CMakeLists.txt", `${PROJECT}add_library(one one.cpp)\n`);
  await expect(launchOf(folder)).rejects.toMatchObject({
    code: "COC_LANGUAGE_BUILD",
    message: expect.stringContaining("makes no executable"),
  });
  await file("CMakeLists.txt", `${PROJECT}add_executable(one one.cpp)\nadd_executable(two one.cpp)\n`);
  await expect(launchOf(folder)).rejects.toMatchObject({
    code: "COC_LANGUAGE_BUILD",
    message: expect.stringMatching(/several executables \(one, two\): name one cxx-language-.* or app$/),
  });
});

test.each([
  ["nowhere.cpp", undefined, "there is no such file or folder"],
  ["app.py", "", "the file is no program (mode +x), no source (.cpp, .cc, .cxx) and no shared library (.so)"],
  ["", undefined, "the folder has no CMakeLists.txt"],
])("code that cannot be run is named, with what to do: %s", async (name, text, why) => {
  const code = text === undefined ? join(folder, name) : await file(name, text);
  await expect(launchOf(code)).rejects.toMatchObject({
    code: "COC_LANGUAGE_CODE",
    message: expect.stringContaining(`The code ${code} cannot be run: ${why}`),
  });
});

test("what the compiler says is the error of the deploy", async () => {
  const code = await file("wrong.cpp", "#include <cocaine/worker.hpp>\nint main() { return nobody; }\n");
  const host = createHost({
    registry: createRegistry().use([language, processBackend(), autoDriver()]),
    runtimeDir: join(folder, "run"),
  });
  try {
    await host.start();
    await expect(
      host.deploy("wrong", { type: "cxx", args: code, tasks: { tick: { type: "auto", interval: 60_000 } } }),
    ).rejects.toMatchObject({
      code: "COC_DEPLOY",
      message: expect.stringMatching(/ended with 1:\n[\s\S]*wrong\.cpp:2:21: error: .*nobody.* was not declared/),
      cause: { code: "COC_LANGUAGE_BUILD" },
    });
  } finally {
    await host.close();
  }
});

test("the time that a build takes is no part of the start", async () => {
  const compiler = await file("slow", '#!/bin/sh\ncase "$*" in *" -o "*) sleep 3;; esac\nexec c++ "$@"\n');
  await chmod(compiler, 0o755);
  const slow = cxxLanguage({ cache: join(folder, "cache"), compiler });
  const host = createHost({
    registry: createRegistry().use([slow, processBackend(), autoDriver()]),
    runtimeDir: join(folder, "run"),
  });
  try {
    await host.start();
    const engine = { "startup-timeout": 2.5 };
    const tasks = { echo: { type: "auto", interval: 60_000 } };
    const app = await host.deploy("slow", { type: "cxx", args: fixture("conformance.cpp"), engine, tasks });
    expect(app.state).toBe("running");
  } finally {
    await host.close();
  }
});

test("a worker of another user comes to its program", async () => {
  await chmod(folder, 0o711);
  const registry = createRegistry().use([
    cxxLanguage({ cache: join(folder, "cache") }),
    processBackend(),
    autoDriver(),
  ]);
  const host = createHost({ registry, runtimeDir: join(folder, "run") });
  const code = await file(
    "app.cpp",
    `#include <cocaine/worker.hpp>
    #include <unistd.h>
    int main() { return cocaine::worker{}.on("who", [](auto&) { return std::to_string(getuid()); }).run(); }`,
  );
  try {
    await host.start();
    const tasks = { who: { type: "auto", interval: 60_000 } };
    await host.deploy("app", { type: "cxx", args: code, engine: { user: "nobody" }, tasks });
    const chunks: Uint8Array[] = [];
    for await (const chunk of host.call("app", "who", new Uint8Array(0))) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("65534");
  } finally {
    await host.close();
  }
});

test("what is missing for the preprocessor is told, too", async () => {
  const code = await file("lost.cpp", '#include "nowhere.hpp"\n');
  await expect(launchOf(code)).rejects.toMatchObject({
    code: "COC_LANGUAGE_BUILD",
    message: expect.stringContaining("nowhere.hpp: No such file"),
  });
});

test("endless errors are cut, and said to be", async () => {
  const lines = Array.from({ length: 3000 }, (_, line) => `static_assert(false, "number ${line}");`);
  const code = await file("many.cpp", lines.join("\n"));
  const error: Error = await launchOf(code).catch((caught) => caught);
  expect(error).toMatchObject({ code: "COC_LANGUAGE_BUILD", message: expect.stringContaining("number 0") });
  expect(error.message).toMatch(/… and \d+ bytes more$/);
  expect(error.message.length).toBeLessThan(70_000);
});

test("a compiler that is missing is named, with the package that brings it", async () => {
  const code = await file("app.cpp", "int main() {}");
  await expect(launchOf(code, { path: "" })).rejects.toMatchObject({
    code: "COC_LANGUAGE_COMPILER",
    message: `There is no c++ in an empty PATH, which builds ${code}: install the Debian package g++`,
  });
  await expect(launchOf(code, { compiler: join(folder, "c++") })).rejects.toMatchObject({
    code: "COC_LANGUAGE_COMPILER",
  });
});

test("CMake that is missing is named, with the package that brings it", async () => {
  const compiler = await file("c++", "#!/bin/sh\n");
  await chmod(compiler, 0o755);
  await expect(launchOf(fixture("project"), { compiler, path: folder })).rejects.toMatchObject({
    code: "COC_LANGUAGE_COMPILER",
    message: expect.stringMatching(/^There is no cmake in .*: install the Debian package cmake$/),
  });
});

test("make that is missing is named, with the package that brings it", async () => {
  for (const name of ["c++", "cmake"]) await chmod(await file(name, "#!/bin/sh\n"), 0o755);
  await expect(launchOf(fixture("project"), { path: folder })).rejects.toMatchObject({
    code: "COC_LANGUAGE_COMPILER",
    message: expect.stringMatching(/^There is no make or ninja in .*: install the Debian package make$/),
  });
});
