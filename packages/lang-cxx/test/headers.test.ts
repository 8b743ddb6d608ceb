import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fixture } from "./support/launch.ts";

const run = promisify(execFile);
const include = fileURLToPath(new URL("../cxx/include", import.meta.url));
const warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-Werror"];

/** The compilers that this machine has, of those that the kit is for. */
const found = await Promise.all(
  ["g++", "clang++"].map((name) =>
    run(name, ["--version"]).then(
      () => name,
      () => undefined,
    ),
  ),
);
const compilers = found.filter((name) => name !== undefined);
const standards = ["c++17", "c++20"];

test.each(compilers.flatMap((compiler) => standards.map((standard) => [compiler, standard] as const)))(
  "the kit compiles with %s -std=%s without a warning",
  async (compiler, standard) => {
    for (const app of ["app.cpp", "conformance.cpp", "other-link.cpp", "units.cpp"]) {
      const { stderr } = await run(compiler, [
        `-std=${standard}`,
        "-O2",
        "-pthread",
        ...warnings,
        `-I${include}`,
        "-c",
        ...["-o", "/dev/null"],
        fixture(app),
      ]);
      expect(stderr).toBe("");
    }
  },
);

test("each header stands alone, and two sources of one program may have it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cxx-headers-"));
  try {
    const headers = await readdir(join(include, "cocaine"));
    const sources = await Promise.all(
      headers.map(async (header) => {
        const source = join(folder, header.replace(".hpp", ".cpp"));
        await writeFile(source, `#include <cocaine/${header}>\n`);
        return source;
      }),
    );
    const main = join(folder, "app-main.cpp");
    await writeFile(main, "#include <cocaine/worker.hpp>\nint main() {}\n");
    const { stderr } = await run("c++", [
      "-std=c++17",
      "-pthread",
      ...warnings,
      `-I${include}`,
      ...["-o", join(folder, "program")],
      main,
      ...sources,
    ]);
    expect(stderr).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
}, 120_000);

test.each([
  ["[](cocaine::request&, cocaine::response&) { return 1; }", "a handler that is given the response returns nothing"],
  ["[](cocaine::request&) { return 1; }", "a handler of a request alone returns std::string"],
  ["[](int) {}", "a handler is called with (cocaine::request&, cocaine::response&)"],
])("a handler that cannot be one is told in words: %s", async (handler, message) => {
  const folder = await mkdtemp(join(tmpdir(), "cxx-headers-"));
  try {
    const source = join(folder, "app.cpp");
    await writeFile(source, `#include <cocaine/worker.hpp>\nint main() { cocaine::worker{}.on("x", ${handler}); }\n`);
    const { stderr } = await run("c++", ["-std=c++17", `-I${include}`, "-fsyntax-only", source]).catch(
      (error) => error,
    );
    expect(stderr).toContain(message);
  } finally {
    await rm(folder, { recursive: true });
  }
});
