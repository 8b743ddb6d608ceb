import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { testLanguage } from "@cocaine/testing";
import { expect, test } from "vitest";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const { pyzmqLanguage, zeromqLanguage } = await import(at("../../../examples/any-zeromq-worker/program.mjs"));
const python = at("../../../.cache/venv/bin/python");
const plugins = [pyzmqLanguage(python), zeromqLanguage(), processBackend()];

testLanguage({ test, plugins, type: "pyzmq", app: at("fixtures/any-zeromq-worker/conformance.py") });
testLanguage({ test, plugins, type: "zeromq", app: at("fixtures/any-zeromq-worker/conformance.mjs") });

test("the example runs both", () => {
  const run = at("../../../examples/any-zeromq-worker/run.mjs");
  const said = execFileSync(process.execPath, [run], { env: { ...process.env, PYTHON: python }, encoding: "utf8" });
  expect(said).toBe("pyzmq: 6 words\nzeromq: 6 words\n");
});
