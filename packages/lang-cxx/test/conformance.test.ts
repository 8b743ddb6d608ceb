import { defineLanguage, z } from "@cocaine/core/plugin";
import { testKit, testLanguage } from "@cocaine/testing";
import { test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { fixture, language, launchOf } from "./support/launch.ts";

const app = fixture("conformance.cpp");

/** The same, but a worker has four jobs at once. */
const threads = defineLanguage({
  name: "cxx-threads",
  options: z.strictObject({}),
  create: () => ({ launch: async ({ code }) => ({ ...(await launchOf(code)), concurrency: 4 }) }),
});

testLanguage({ test, plugins: [language, processBackend()], type: "cxx", app });

testLanguage({
  test: (name, run) => test(`four threads, ${name}`, run),
  plugins: [threads, processBackend()],
  type: threads.name,
  app,
});

testKit({ test, launch: () => launchOf(app) });
