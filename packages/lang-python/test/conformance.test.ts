import { fileURLToPath } from "node:url";
import { silentLogger } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { pythonLanguages } from "../src/index.ts";

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const app = fixture("conformance.py");
const languages = pythonLanguages();
const plugins = [...languages, processBackend()];

testLanguage({ test, plugins, type: "python", app });
testLanguage({ test, plugins, type: "python+json", app: fixture("conformance_json.py"), json: true });
testLanguage({ test, plugins, type: "python+wsgi", app: fixture("conformance_wsgi.py") });
testLanguage({ test, plugins, type: "python+asgi", app: fixture("conformance_asgi.py") });

testLanguage({
  test: (name, run) => test(`eight at once: ${name}`, run),
  plugins,
  type: "python",
  app: fixture("conformance_async.py"),
  engine: { concurrency: 8 },
});

testLanguage({
  test: (name, run) => test(`eight threads: ${name}`, run),
  plugins,
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
