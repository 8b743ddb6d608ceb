import { fileURLToPath } from "node:url";
import { silentLogger } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { perlLanguages } from "../src/index.ts";

const app = fileURLToPath(new URL("./fixtures/conformance.pl", import.meta.url));
const languages = perlLanguages();

testLanguage({ test, plugins: [...languages, processBackend()], type: "perl", app });

testKit({
  test,
  async launch() {
    const perl = languages.find(({ name }) => name === "perl") ?? expect.fail("there is no perl");
    return perl.create({}, { log: silentLogger() }).launch({ name: "app", type: "perl", code: app, env: {} });
  },
});
