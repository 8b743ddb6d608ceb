import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fixture } from "./support/engine.ts";

/** The environment that `pnpm test` prepares, with mypy in it. */
const PYTHON = fileURLToPath(new URL("../../../.cache/venv/bin/python", import.meta.url));
const KIT = fileURLToPath(new URL("../python", import.meta.url));

/** What mypy says of a file, as strictly as it can, with the kit where an app finds it. */
function check(file: string): Promise<{ stdout: string }> {
  const flags = ["-m", "mypy", "--strict", "--cache-dir=/dev/null"];
  return promisify(execFile)(PYTHON, [...flags, file], { cwd: KIT, env: { MYPYPATH: KIT } });
}

test("the module that apps import has types that hold by themselves", async () => {
  const { stdout } = await check("cocaine/__init__.pyi");
  expect(stdout).toBe("Success: no issues found in 1 source file\n");
});

test("an app that is typed is checked by those types", async () => {
  const { stdout } = await check(fixture("typed.py"));
  expect(stdout).toBe("Success: no issues found in 1 source file\n");
});

test("a mistake in an app is found", async () => {
  await expect(check(fixture("mistyped.py"))).rejects.toMatchObject({
    stdout: expect.stringMatching(/mistyped\.py:\d+: error: "Job" has no attribute "metadate"/),
  });
});
