// One worker of the backend `thread`, behind the engine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { threadBackend } from "@cocaine/backends-thread";
import { createHost, createRegistry } from "@cocaine/core";
import { defineDriver, z } from "@cocaine/core/plugin";
import { jsLanguages } from "@cocaine/lang-js";
import { measure } from "./measure.mjs";

let task;
const driver = defineDriver({
  name: "quiet",
  options: z.strictObject({}),
  create(_options, context) {
    task = context;
    return { start: async () => undefined, drain: async () => undefined, close: async () => undefined };
  },
});
const runtimeDir = mkdtempSync(join(tmpdir(), "cocaine-bench-"));
const host = createHost({
  registry: createRegistry().use(jsLanguages()).use(threadBackend()).use(driver),
  runtimeDir,
});
await host.start();
await host.deploy("app", {
  type: "js",
  args: fileURLToPath(new URL("../apps/code/echo.mjs", import.meta.url)),
  engine: { backend: "thread", "pool-min": 1, "pool-limit": 1, "queue-limit": 1000 },
  tasks: { event: { type: "quiet" } },
});

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

await measure((chunk, onEnd) => task.trigger({ chunk }, new Answer(onEnd)));
await host.close();
rmSync(runtimeDir, { recursive: true, force: true });
