import { testKit, testLanguage } from "@cocaine/testing";
import { test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { threadBackend } from "../../backends-thread/src/index.ts";
import { fixture, language, launchOf } from "./support/launch.ts";

const app = fixture("conformance.cpp");

testLanguage({ test, plugins: [language, processBackend()], type: "cxx", app });

testLanguage({
  test: (name, run) => test(`four threads: ${name}`, run),
  plugins: [language, processBackend()],
  type: "cxx",
  app,
  engine: { concurrency: 4 },
});

const threads = [language, threadBackend()];

testLanguage({ test, plugins: threads, type: "cxx", backend: "thread", app });

testLanguage({
  test: (name, run) => test(`four at once: ${name}`, run),
  plugins: threads,
  type: "cxx",
  backend: "thread",
  app,
  engine: { concurrency: 4 },
});

testKit({ test, launch: () => launchOf(app) });
