// A host in this process with one app that echoes, which the arguments name.
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { threadBackend } from "@cocaine/backends-thread";
import { createHost, createRegistry } from "@cocaine/core";
import { defineDriver, z } from "@cocaine/core/plugin";
import { cxxLanguage } from "@cocaine/lang-cxx";
import { jsLanguages } from "@cocaine/lang-js";
import { perlLanguages } from "@cocaine/lang-perl";
import { pythonLanguages } from "@cocaine/lang-python";

const programs = { js: "echo.mjs", python: "echo.py", perl: "echo.pl", cxx: "echo.cpp" };

class Answer {
  #bytes = 0;
  #onEnd;
  constructor(onEnd) {
    this.#onEnd = onEnd;
  }
  write(chunk) {
    this.#bytes += chunk.length;
    return true;
  }
  end() {
    this.#onEnd(this.#bytes);
  }
  fail(error) {
    throw error;
  }
}

/** @param type - of the app; `backend` is what its workers run on. */
export async function startHost(type, backend) {
  let task;
  const driver = defineDriver({
    name: "quiet",
    options: z.strictObject({}),
    create(_options, context) {
      task = context;
      return { start: async () => undefined, drain: async () => undefined, close: async () => undefined };
    },
  });
  const cache = join(homedir(), ".cache", "cocaine", "cxx");
  const languages = [jsLanguages(), pythonLanguages(), perlLanguages(), cxxLanguage({ cache })].flat();
  const runtimeDir = mkdtempSync(join(tmpdir(), "cocaine-bench-"));
  const registry = createRegistry().use([...languages, processBackend(), threadBackend(), driver]);
  const host = createHost({ registry, runtimeDir });
  await host.start();
  return {
    host,
    deploy: (workers = 1) =>
      host.deploy("app", {
        type,
        args: fileURLToPath(new URL(`../apps/code/${programs[type]}`, import.meta.url)),
        engine: { backend, "pool-min": workers, "pool-limit": workers, "queue-limit": 1000 },
        tasks: { event: { type: "quiet" } },
      }),
    /** Runs a job, and tells of how many bytes its answer was. */
    echo: (chunk, onEnd) => task.trigger({ chunk }, new Answer(onEnd)),
    async close() {
      await host.close();
      rmSync(runtimeDir, { recursive: true, force: true });
    },
  };
}
