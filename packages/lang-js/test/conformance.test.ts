import { silentLogger } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { jsLanguage } from "../src/index.ts";
import { fixture } from "./support/worker.ts";

const app = fixture("conformance.mjs");

testLanguage({ test, plugins: [jsLanguage(), processBackend()], type: "js", app });

testKit({
  test,
  launch: () =>
    jsLanguage().create({}, { log: silentLogger() }).launch({ name: "app", type: "js", code: app, env: {} }),
});
