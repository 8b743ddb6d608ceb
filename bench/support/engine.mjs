import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry } from "@cocaine/core";
import { Code, defineBackend, defineDriver, defineLanguage, z } from "@cocaine/core/plugin";

/**
 * The engine alone: a host whose one worker is a queue in this process, with tasks `free` and `limited`, which has a
 * timeout.
 */
export async function startEngine({ queueLimit }) {
  const folder = mkdtempSync(join(tmpdir(), "cocaine-bench-"));
  const contexts = {};
  const invoked = [];
  let answer;
  let exit;
  const exited = new Promise((resolve) => {
    exit = resolve;
  });
  const backend = defineBackend({
    name: "process",
    options: z.strictObject({}),
    create: () => ({
      start: async () => undefined,
      close: async () => undefined,
      spawn: () => ({
        pid: undefined,
        send(message) {
          if (message.code === Code.INVOKE) invoked.push(message.job);
          return true;
        },
        onMessage(handler) {
          answer = handler;
          const hello = { protocol: 1, pid: 1, language: "none", kit: "none" };
          setImmediate(() => handler({ code: Code.HELLO, hello }));
        },
        onError: () => undefined,
        exited,
        stop: async () => exit({ code: 0, signal: null }),
        begun: () => undefined,
        output: () => [],
      }),
    }),
  });
  const driver = defineDriver({
    name: "quiet",
    options: z.strictObject({}),
    create(_options, context) {
      contexts[context.task] = context;
      return { start: async () => undefined, drain: async () => undefined, close: async () => undefined };
    },
  });
  const launch = { kind: "command", command: "none", args: [], cwd: "/", env: {}, concurrency: 1 };
  const language = defineLanguage({
    name: "none",
    options: z.strictObject({}),
    create: () => ({ launch: async () => launch }),
  });
  const host = createHost({ registry: createRegistry().use([backend, driver, language]), runtimeDir: folder });
  await host.start();
  await host.deploy("app", {
    type: "none",
    args: "/none",
    engine: { "pool-min": 1, "pool-limit": 1, "queue-limit": queueLimit, prefetch: 0 },
    tasks: { free: { type: "quiet" }, limited: { type: "quiet", timeout: 3600 } },
  });
  return {
    trigger: (task, request, response) => contexts[task].trigger(request, response),
    /** Ends the job that the worker has. */
    endOne() {
      answer({ code: Code.CHOKE, job: invoked.shift() });
    },
    /** Fails the jobs that are left. */
    async close() {
      await host.close({ deadline: 0 });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
