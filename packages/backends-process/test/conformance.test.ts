import { fileURLToPath } from "node:url";
import { silentLogger } from "@cocaine/core/plugin";
import { testBackend } from "@cocaine/testing";
import { test } from "vitest";
import { jsLanguages } from "../../lang-js/src/index.ts";
import { processBackend } from "../src/index.ts";

const code = fileURLToPath(new URL("../../lang-js/test/fixtures/conformance.mjs", import.meta.url));

testBackend({
  test,
  backend: processBackend(),
  launch: () => jsLanguages()[0].create({}, { log: silentLogger() }).launch({ name: "app", type: "js", code, env: {} }),
});
