import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Backend,
  Code,
  type Hello,
  type Launch,
  type Plugin,
  silentLogger,
  type WorkerLink,
  type WorkerMessage,
} from "@cocaine/core/plugin";
import type { Test } from "./test.ts";
import { until, within } from "./until.ts";

/** What a backend is tested with. */
export interface BackendSuite {
  readonly test: Test;
  readonly backend: Plugin<"backend">;
  /** How to start a worker with the app of the README, in any language that runs on it. */
  launch(): Promise<Launch>;
  /** Its workers are processes, which can be signalled and have children. @defaultValue true */
  readonly processes?: boolean;
}

/** A worker, and what came from it. */
interface Spawned {
  readonly link: WorkerLink;
  readonly messages: WorkerMessage[];
  hello(): Promise<Hello>;
  /** Sends a job. */
  run(job: number, method: string, request?: string): void;
  /** Waits for its answer. */
  answer(job: number): Promise<string>;
}

/** Tests that a backend keeps its contract (`Backend` of `@cocaine/core/plugin`). */
export function testBackend({ test, backend: plugin, launch, processes = true }: BackendSuite): void {
  const backendTest = (name: string, run: (backend: Backend, launch: Launch) => Promise<void>) =>
    test(`backend: ${name}`, async () => {
      const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
      const context = { app: "app", log: silentLogger(), runtimeDir };
      const backend = plugin.create(plugin.options.parse({}), context);
      try {
        await backend.start();
        await run(backend, await launch());
      } finally {
        await backend.close();
        await rm(runtimeDir, { recursive: true, force: true });
      }
    });

  backendTest("a worker says HELLO and runs jobs", async (backend, how) => {
    const worker = spawn(backend, how, "w-1");
    assert.equal((await worker.hello()).protocol, 1);
    worker.run(1, "echo", "hello");
    assert.equal(await worker.answer(1), "hello");
  });

  backendTest("workers do not hear each other", async (backend, how) => {
    const workers = ["w-1", "w-2", "w-3"].map((identity) => spawn(backend, how, identity));
    await Promise.all(workers.map((worker) => worker.hello()));
    for (const [index, worker] of workers.entries()) worker.run(1, "echo", `for ${index}`);
    for (const [index, worker] of workers.entries()) assert.equal(await worker.answer(1), `for ${index}`);
  });

  backendTest("nothing is sent to a worker that is not there yet, and to one that is gone", async (backend, how) => {
    const worker = spawn(backend, how, "w-1");
    assert.equal(worker.link.send({ code: Code.CANCEL, job: 1, reason: "" }), false);
    await worker.hello();
    await worker.link.stop(0);
    assert.equal(worker.link.send({ code: Code.CANCEL, job: 1, reason: "" }), false);
  });

  backendTest("a worker that is told to leaves with status 0", async (backend, how) => {
    const worker = spawn(backend, how, "w-1");
    await worker.hello();
    worker.link.send({ code: Code.TERMINATE, reason: "the end" });
    assert.deepEqual(pick(await within("it exits", worker.link.exited)), { code: 0, signal: null });
  });

  backendTest("all that a worker sent comes before its exit", async (backend, how) => {
    const worker = spawn(backend, how, "w-1");
    await worker.hello();
    for (let job = 1; job <= 50; job++) worker.run(job, "echo", String(job));
    worker.link.send({ code: Code.TERMINATE, reason: "the end" });
    await within("it exits", worker.link.exited);
    const ends = worker.messages.filter((message) => endOf(message) !== undefined);
    assert.equal(ends.length, 50);
  });

  backendTest("a worker that hears nothing is killed after its grace", async (backend, how) => {
    const worker = spawn(backend, how, "w-1");
    await worker.hello();
    worker.run(1, "hang");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await within("it is stopped", worker.link.stop(300));
    await within("it exits", worker.link.exited);
    assert.ok(isGone(worker.link.pid), `process ${worker.link.pid} is there still`);
  });

  if (processes) {
    backendTest("a worker that ignores SIGTERM is killed with its children", async (backend, how) => {
      const worker = spawn(backend, how, "w-1");
      await worker.hello();
      worker.run(1, "deaf");
      const child = await until("it tells its child", () =>
        worker.link
          .output()
          .map((line) => /^child (\d+)$/.exec(line)?.[1])
          .find((pid) => pid !== undefined),
      );
      await within("it is stopped", worker.link.stop(300));
      await until("both are gone", () => isGone(worker.link.pid) && isGone(Number(child)));
    });
  }

  backendTest("a stop may be made shorter, and repeated after the exit", async (backend, how) => {
    const worker = spawn(backend, how, "w-1");
    await worker.hello();
    worker.run(1, "hang");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const patient = worker.link.stop(60_000);
    await within("it is stopped", worker.link.stop(0));
    await within("the first stop resolves too", patient);
    await worker.link.stop(0);
  });

  backendTest("the last lines of a worker are kept, and are no messages", async (backend, how) => {
    const worker = spawn(backend, how, "w-1");
    await worker.hello();
    worker.run(1, "noise", "a line");
    assert.equal(await worker.answer(1), "quiet");
    await until("the line is kept", () => worker.link.output().some((line) => line.includes("a line")));
    await worker.link.stop(0);
    assert.ok(worker.link.output().some((line) => line.includes("a line")));
  });

  backendTest(
    "the progress mark is that of the job that began last, also when the worker is gone",
    async (backend, how) => {
      const worker = spawn(backend, how, "w-1");
      const { progress } = await worker.hello();
      assert.equal(worker.link.begun() ?? 0, 0);
      for (const job of [1, 2]) {
        worker.run(job, "echo", "x");
        await worker.answer(job);
      }
      await worker.link.stop(0);
      if (progress === true) assert.equal(worker.link.begun(), 2);
    },
  );

  backendTest("a worker that cannot be started exits, and says why", async (backend, how) => {
    const broken: Launch =
      how.kind === "command" ? { ...how, command: "/nowhere/at-all" } : { ...how, module: "/nowhere/at-all.mjs" };
    const worker = spawn(backend, broken, "w-1");
    const exit = await within("it exits", worker.link.exited);
    assert.ok(exit.error !== undefined || exit.code !== 0);
    assert.match(`${exit.error?.message} ${worker.link.output().join(" ")}`, /at-all/);
  });

  backendTest("close ends every worker, may be repeated, and nothing is spawned after it", async (backend, how) => {
    const workers = ["w-1", "w-2"].map((identity) => spawn(backend, how, identity));
    await workers[0]?.hello();
    await within("it closes", Promise.all([backend.close(), backend.close()]));
    for (const { link } of workers) {
      await within("the worker exits", link.exited);
      assert.ok(isGone(link.pid));
    }
    const exit = await within("a late worker exits", spawn(backend, how, "w-3").link.exited);
    assert.ok(exit.error !== undefined);
  });
}

function spawn(backend: Backend, launch: Launch, identity: string): Spawned {
  const link = backend.spawn(launch, { identity, heartbeat: 60, concurrency: 1 });
  const messages: WorkerMessage[] = [];
  link.onMessage((message) => messages.push(message));
  link.onError(() => undefined);
  return {
    link,
    messages,
    hello: () =>
      until(`${identity} says HELLO`, () =>
        messages.map((message) => (message.code === Code.HELLO ? message.hello : undefined)).find(Boolean),
      ),
    run: (job, method, request = "") =>
      void link.send({
        code: Code.INVOKE,
        job,
        method,
        metadata: `{"id":"${identity}-${job}","attempt":1}`,
        chunk: Buffer.from(request),
        end: true,
      }),
    async answer(job) {
      await until(`job ${job} ends`, () => messages.some((message) => endOf(message) === job));
      const chunks = messages.flatMap((message) =>
        message.code === Code.CHUNK && message.job === job ? [message.chunk] : [],
      );
      return Buffer.concat(chunks).toString();
    },
  };
}

/** The job that a message ends. */
function endOf(message: WorkerMessage): number | undefined {
  if (message.code === Code.CHOKE || message.code === Code.ERROR) return message.job;
  return message.code === Code.CHUNK && message.end ? message.job : undefined;
}

function pick({ code, signal }: { readonly code: number | null; readonly signal: string | null }) {
  return { code, signal };
}

function isGone(pid: number | undefined): boolean {
  if (pid === undefined) return true;
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  // A child of ours that is dead is there until we have heard of it; one of a stranger, until init has.
  return isDefunct(pid);
}

/** Where there is no /proc, none is taken for defunct. */
function isDefunct(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
