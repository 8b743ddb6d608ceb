import { fileURLToPath } from "node:url";
import { silentLogger } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { perlLanguages } from "../src/index.ts";

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const app = fixture("conformance.pl");
const languages = perlLanguages();
const plugins = [...languages, processBackend()];

testLanguage({ test, plugins, type: "perl", app });
testLanguage({ test, plugins, type: "perl+json", app: fixture("conformance_json.pl"), json: true });
testLanguage({ test, plugins, type: "perl+psgi", app: fixture("conformance.psgi") });

testKit({
  test,
  async launch() {
    const perl = languages.find(({ name }) => name === "perl") ?? expect.fail("there is no perl");
    return perl.create({}, { log: silentLogger() }).launch({ name: "app", type: "perl", code: app, env: {} });
  },
});
