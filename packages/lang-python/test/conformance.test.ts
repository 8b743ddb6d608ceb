import { fileURLToPath } from "node:url";
import { silentLogger } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { pythonLanguages } from "../src/index.ts";

const app = fileURLToPath(new URL("./fixtures/conformance.py", import.meta.url));
const languages = pythonLanguages();

testLanguage({ test, plugins: [...languages, processBackend()], type: "python", app });

testKit({
  test,
  async launch() {
    const python = languages.find(({ name }) => name === "python") ?? expect.fail("there is no python");
    return python.create({}, { log: silentLogger() }).launch({ name: "app", type: "python", code: app, env: {} });
  },
});
