import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Backend,
  Code,
  type Exit,
  type HelloMessage,
  type LogMessage,
  silentLogger,
  type WorkerLink,
  type WorkerMessage,
} from "@cocaine/core/plugin";
import { afterEach, expect, vi } from "vitest";
import { processBackend } from "../../../backends-process/src/index.ts";
import { jsLanguages } from "../../src/index.ts";
import { createJobLog, type JobLog } from "./job-log.ts";

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** How to start a worker for a fixture, as the language says. */
export function launchOf(name: string) {
  return jsLanguages()[0]
    .create({}, { log: silentLogger() })
    .launch({ name: "app", type: "js", code: fixture(name), env: {} });
}

/** A worker that was started through the real backend; ended after the test. */
export interface TestWorker {
  readonly link: WorkerLink;
  readonly exited: Promise<Exit>;
  readonly logs: LogMessage[];
  hello(): Promise<HelloMessage>;
  /** Runs a method with a whole request, and waits for its end. */
  call(method: string, request?: string | Uint8Array, metadata?: Record<string, unknown>): Promise<JobLog>;
  /** Runs a method; without a request its pieces follow by `write()`. */
  invoke(method: string, request?: Uint8Array, metadata?: Record<string, unknown>): JobLog;
}

export async function startWorker(name: string, concurrency = 64): Promise<TestWorker> {
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  cleanups.push(() => rm(runtimeDir, { recursive: true, force: true }));
  const backend: Backend = processBackend().create({}, { app: "app", log: silentLogger(), runtimeDir });
  cleanups.push(() => backend.close());
  await backend.start();
  const link = backend.spawn(await launchOf(name), { identity: "w", heartbeat: 0.3, concurrency });
  return watch(link);
}

function watch(link: WorkerLink): TestWorker {
  const jobs = new Map<number, JobLog>();
  const logs: LogMessage[] = [];
  const hellos: HelloMessage[] = [];
  link.onError((error) => expect.unreachable(error.message));
  link.onMessage((message: WorkerMessage) => {
    if (message.code === Code.HELLO) hellos.push(message);
    else if (message.code === Code.LOG) logs.push(message);
    else if ("job" in message) jobs.get(message.job)?.take(message);
  });
  const invoke: TestWorker["invoke"] = (method, request, more) => {
    const number = jobs.size + 1;
    const metadata = JSON.stringify({ id: `id-${number}`, attempt: 1, ...more });
    const job = createJobLog(link, number);
    jobs.set(number, job);
    const end = request !== undefined;
    expect(link.send({ code: Code.INVOKE, job: number, method, metadata, chunk: request, end })).toBe(true);
    return job;
  };
  return {
    link,
    exited: link.exited,
    logs,
    invoke,
    hello: () => vi.waitFor(() => hellos[0] ?? expect.unreachable(`no HELLO: ${link.output().join("\n")}`), 10_000),
    async call(method, request = "", more = {}) {
      const job = invoke(method, Buffer.from(request), more);
      await job.ended;
      return job;
    },
  };
}
