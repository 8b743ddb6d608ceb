import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry, type Host, memoryStorage } from "@cocaine/core";
import {
  Code,
  defineBackend,
  defineDriver,
  defineLanguage,
  type Exit,
  type Storage,
  type WorkerMessage,
  z,
} from "@cocaine/core/plugin";
import { onTestFinished } from "vitest";
import { createKeys, type Keys } from "../../src/index.ts";

/** A manifest that the host of {@link startHost} runs; its feed hears whatever `publish` is called with. */
export const manifest = {
  type: "echo",
  args: "/app",
  tasks: { echo: { type: "idle" }, many: { type: "idle" }, never: { type: "idle" } },
};

/** A folder of mode 0700 that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface StartedHost {
  readonly host: Host;
  readonly cancelled: string[];
  readonly storage: Storage;
  readonly keys: Keys;
}

/**
 * Starts a real host, whose workers live in this process: `echo` answers with its request, `many` with as many chunks
 * as the request says, `never` not at all. `cancelled` has the jobs that were given up.
 */
export async function startHost(storage = memoryStorage()): Promise<StartedHost> {
  const cancelled: string[] = [];
  const backend = defineBackend({
    name: "process",
    options: z.strictObject({}),
    create: () => ({ start: async () => undefined, spawn: () => echoWorker(cancelled), close: async () => undefined }),
  });
  const language = defineLanguage({
    name: "echo",
    options: z.strictObject({}),
    create: () => ({
      launch: async ({ env }) =>
        ({ kind: "command", command: "/app", args: [], cwd: "/", env, concurrency: 8 }) as const,
    }),
  });
  const driver = defineDriver({
    name: "idle",
    options: z.strictObject({}),
    create: () => ({ start: async () => undefined, drain: async () => undefined, close: async () => undefined }),
  });
  const registry = createRegistry().use(backend).use(language).use(driver);
  const host = createHost({ registry, storage, runtimeDir: await temporaryFolder() });
  await host.start();
  onTestFinished(() => host.close({ deadline: 0 }));
  return { host, cancelled, storage, keys: createKeys(storage) };
}

function echoWorker(cancelled: string[]) {
  let say: (message: WorkerMessage) => void = () => undefined;
  let exit: (exit: Exit) => void = () => undefined;
  const exited = new Promise<Exit>((resolve) => {
    exit = resolve;
  });
  setImmediate(() =>
    say({ code: Code.HELLO, hello: { protocol: 1, pid: process.pid, language: "echo", kit: "echo/1" } }),
  );
  const methods: Record<string, (job: number, chunk: Uint8Array) => void> = {
    echo: (job, chunk) => say({ code: Code.CHUNK, job, chunk, end: true }),
    many(job, chunk) {
      for (let left = Number(new TextDecoder().decode(chunk)); left > 0; left--) {
        say({ code: Code.CHUNK, job, chunk: Buffer.from([left % 256]), end: false });
      }
      say({ code: Code.CHOKE, job });
    },
    never: () => undefined,
  };
  return {
    pid: undefined,
    send(message: Parameters<import("@cocaine/core/plugin").WorkerLink["send"]>[0]) {
      if (message.code === Code.INVOKE)
        setImmediate(() => methods[message.method]?.(message.job, message.chunk ?? new Uint8Array()));
      if (message.code === Code.CANCEL) {
        cancelled.push(message.reason);
        say({ code: Code.CHOKE, job: message.job });
      }
      if (message.code === Code.TERMINATE) exit({ code: 0, signal: null });
      return true;
    },
    onMessage(handler: (message: WorkerMessage) => void) {
      say = handler;
    },
    onError: () => undefined,
    exited,
    async stop() {
      exit({ code: 0, signal: null });
      await exited;
    },
    begun: () => undefined,
    output: () => [],
  };
}
