import { silentLogger } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { jsLanguages } from "../src/index.ts";
import { fixture } from "./support/worker.ts";

const app = fixture("conformance.mjs");

const plugins = [...jsLanguages(), processBackend()];

testLanguage({ test, plugins, type: "js", app });
testLanguage({ test, plugins, type: "js+fetch", app: fixture("conformance-fetch.mjs") });

testKit({
  test,
  launch: () =>
    jsLanguages()[0].create({}, { log: silentLogger() }).launch({ name: "app", type: "js", code: app, env: {} }),
});
