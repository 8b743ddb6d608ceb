import { fileURLToPath } from "node:url";
import { silentLogger } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { pythonLanguages } from "../src/index.ts";

const app = fileURLToPath(new URL("./fixtures/conformance.py", import.meta.url));
const languages = pythonLanguages();

testLanguage({ test, plugins: [...languages, processBackend()], type: "python", app });

testLanguage({
  test: (name, run) => test(`eight at once: ${name}`, run),
  plugins: [...languages, processBackend()],
  type: "python",
  app: fileURLToPath(new URL("./fixtures/conformance_async.py", import.meta.url)),
  engine: { concurrency: 8 },
});

testLanguage({
  test: (name, run) => test(`eight threads: ${name}`, run),
  plugins: [...languages, processBackend()],
  type: "python",
  app,
  engine: { concurrency: 8 },
});

testKit({
  test,
  async launch() {
    const python = languages.find(({ name }) => name === "python") ?? expect.fail("there is no python");
    return python.create({}, { log: silentLogger() }).launch({ name: "app", type: "python", code: app, env: {} });
  },
});
