import { fileURLToPath } from "node:url";
import { silentLogger } from "@cocaine/core/plugin";
import { testBackend, testLanguage } from "@cocaine/testing";
import { test } from "vitest";
import { jsLanguages } from "../../lang-js/src/index.ts";
import { threadBackend } from "../src/index.ts";

const code = fileURLToPath(new URL("../../lang-js/test/fixtures/conformance.mjs", import.meta.url));
const [language] = jsLanguages();

testBackend({
  test,
  backend: threadBackend(),
  processes: false,
  launch: () =>
    language.create({}, { log: silentLogger() }).launch({ name: "app", type: "js", code, env: {}, launches: "module" }),
});

const plugins = [...jsLanguages(), threadBackend()];
const fetchCode = fileURLToPath(new URL("../../lang-js/test/fixtures/conformance-fetch.mjs", import.meta.url));

testLanguage({ test, plugins, type: "js", backend: "thread", app: code });
testLanguage({ test, plugins, type: "js+fetch", backend: "thread", app: fetchCode });
