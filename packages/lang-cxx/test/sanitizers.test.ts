import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { CommandLaunch } from "@cocaine/core/plugin";
import { defineLanguage, z } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { fixture } from "./support/launch.ts";

const include = fileURLToPath(new URL("../cxx/include", import.meta.url));
const app = fixture("conformance.cpp");

describe.each([
  { name: "addresses and undefined behaviour", flag: "address,undefined" },
  { name: "data races", flag: "thread" },
])("under the sanitizer of $name", ({ flag }) => {
  const folder = mkdtempSync(join(tmpdir(), "cxx-sanitized-"));
  const program = join(folder, "app");
  // Whatever it finds ends the worker, and is written to a file of its own.
  const options = `halt_on_error=1:log_path=${join(folder, "report")}`;
  const env = { ASAN_OPTIONS: options, TSAN_OPTIONS: options, UBSAN_OPTIONS: options };
  const launch = (concurrency: number): CommandLaunch => ({
    kind: "command",
    command: program,
    args: [],
    cwd: folder,
    env,
    concurrency,
  });

  beforeAll(async () => {
    const flags = ["-std=c++17", "-O1", "-g", "-pthread", `-I${include}`];
    const sanitizer = [`-fsanitize=${flag}`, "-fno-sanitize-recover=all"];
    await promisify(execFile)("c++", [...flags, ...sanitizer, "-o", program, app]);
  });

  afterEach(() => {
    const reports = readdirSync(folder).filter((name) => name.startsWith("report"));
    expect(reports.map((name) => readFileSync(join(folder, name), "utf8"))).toEqual([]);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  testKit({ test, launch: async () => launch(1) });

  const threads = defineLanguage({
    name: "cxx-sanitized",
    options: z.strictObject({}),
    create: () => ({ launch: async () => launch(4) }),
  });
  testLanguage({ test, plugins: [threads, processBackend()], type: threads.name, app });

  test.each([1, 4])(
    "a library is driven by another thread, %i at once, and left in the middle",
    async (concurrency) => {
      const run = promisify(execFile);
      const library = join(folder, "app.so");
      const host = join(folder, "host");
      const flags = ["-std=c++17", "-O1", "-g", "-pthread", `-I${include}`, `-fsanitize=${flag}`];
      // A sanitizer wants one standard library for all.
      await run("c++", [...flags, "-DCOCAINE_SHARED", "-fPIC", "-shared", "-fno-gnu-unique", "-o", library, app]);
      await run("c++", [...flags, "-o", host, fixture("thread-host.cpp")]);
      const { stdout } = await run(host, [library, String(concurrency)], { env });
      expect(stdout).toBe("4000 ends, something printed, status 0\nnothing goes on\n");
    },
  );
});
