import { silentLogger } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { jsLanguages } from "../src/index.ts";
import { fixture } from "./support/worker.ts";

const app = fixture("conformance.mjs");

testLanguage({ test, plugins: [...jsLanguages(), processBackend()], type: "js", app });

testKit({
  test,
  launch: () =>
    jsLanguages()[0].create({}, { log: silentLogger() }).launch({ name: "app", type: "js", code: app, env: {} }),
});
