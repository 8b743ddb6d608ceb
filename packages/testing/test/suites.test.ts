import { fileURLToPath } from "node:url";
import { memoryStorage } from "@cocaine/core";
import { type Backend, type Driver, defineBackend, defineDriver, silentLogger, z } from "@cocaine/core/plugin";
import { describe, expect, it } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { jsLanguages } from "../../lang-js/src/index.ts";
import { type Test, testBackend, testDriver, testKit, testLanguage, testStorage } from "../src/index.ts";

/** Runs some of a suite's tests, and gives the names of those that fail. */
async function failing(suite: (test: Test) => void, chosen: RegExp = /./): Promise<string[]> {
  const tests: { name: string; run: () => Promise<void> }[] = [];
  suite((name, run) => tests.push({ name, run }));
  const failed: string[] = [];
  for (const { name, run } of tests.filter(({ name }) => chosen.test(name))) {
    await run().catch(() => failed.push(name));
  }
  return failed;
}

const app = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const right = app("../../lang-js/test/fixtures/conformance.mjs");
const wrong = app("./fixtures/wrong.mjs");
const launchOf = (code: string) =>
  jsLanguages()[0].create({}, { log: silentLogger() }).launch({ name: "app", type: "js", code, env: {} });

describe("the suites tell", () => {
  it("a storage that forgets to compare revisions", async () => {
    const open = async () => {
      const storage = memoryStorage();
      return {
        ...storage,
        put: (collection: string, key: string, value: unknown) => storage.put(collection, key, value),
      };
    };
    expect(await failing((test) => testStorage({ test, open }))).toEqual([
      "storage: writes over the revision that the writer has seen, and over no other",
      "storage: lets one of many writers through that have seen the same revision",
    ]);
  });

  it("a driver that neither pauses nor drains", async () => {
    const restless = defineDriver({
      name: "restless",
      options: z.strictObject({}),
      create(_options, context): Driver {
        let timer: NodeJS.Timeout | undefined;
        return {
          async start() {
            timer = setInterval(() => void context.publish({}), 20);
          },
          pause: () => undefined,
          resume: () => undefined,
          drain: async () => undefined,
          close: async () => clearInterval(timer),
        };
      },
    });
    const suite = (test: Test) =>
      testDriver({ test, driver: restless, options: () => ({}), fire: async () => undefined });
    expect(await failing(suite)).toEqual([
      "driver: triggers nothing while it is paused, and goes on when it is resumed",
      "driver: drains when the last job has ended, and triggers none after that",
    ]);
  });

  it("a driver that goes on when it is closed", async () => {
    const immortal = defineDriver({
      name: "immortal",
      options: z.strictObject({}),
      create(_options, context): Driver {
        let timer: NodeJS.Timeout | undefined;
        return {
          async start() {
            timer = setInterval(() => void context.publish({}), 20);
            timer.unref();
          },
          drain: async () => clearInterval(timer),
          close: async () => undefined,
        };
      },
    });
    const suite = (test: Test) =>
      testDriver({ test, driver: immortal, options: () => ({}), fire: async () => undefined });
    expect(await failing(suite, /closes/)).toHaveLength(1);
  });

  it("a backend that leaves processes behind", async () => {
    const real = processBackend();
    const backends: Backend[] = [];
    const careless = defineBackend({
      name: "careless",
      options: z.strictObject({}),
      create(_options, context) {
        const backend = real.create({}, context);
        backends.push(backend);
        return {
          start: () => backend.start(),
          close: async () => undefined,
          spawn(launch, spec) {
            const link = backend.spawn(launch, spec);
            return {
              pid: link.pid,
              send: (message) => link.send(message),
              onMessage: (handler) => link.onMessage(handler),
              onError: (handler) => link.onError(handler),
              exited: Promise.resolve({ code: 0, signal: null }),
              stop: async () => undefined,
              begun: () => link.begun(),
              output: () => link.output(),
            };
          },
        };
      },
    });
    const suite = (test: Test) => testBackend({ test, backend: careless, launch: () => launchOf(right) });
    expect(
      await failing(suite, /killed after its grace|close ends every worker|that is gone|its children/),
    ).toHaveLength(4);
    await Promise.all(backends.map((backend) => backend.close()));
  });

  it("a kit and a language whose answers are wrong", async () => {
    const kit = await failing((test) => testKit({ test, launch: () => launchOf(wrong) }), /whole|failure is/);
    expect(kit).toHaveLength(2);
    const plugins = [...jsLanguages(), processBackend()];
    const language = (test: Test) => testLanguage({ test, plugins, type: "js", app: wrong });
    expect(await failing(language, /: (echo|empty|an exception.*)$/)).toHaveLength(3);
  });
});
