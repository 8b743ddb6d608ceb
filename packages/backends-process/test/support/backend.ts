import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Backend,
  type BackendContext,
  Code,
  type CommandLaunch,
  type Exit,
  type LogFields,
  type Logger,
  type WorkerLink,
  type WorkerMessage,
} from "@cocaine/core/plugin";
import { afterEach, vi } from "vitest";
import { type ProcessBackendOptions, processBackend } from "../../src/index.ts";

const KIT = fileURLToPath(new URL("../../../lang-js/dist/worker.js", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));

export interface LogEntry {
  readonly level: string;
  readonly fields: LogFields;
  readonly message: string;
}

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What a manifest may say of the workers as processes. */
type Confined = Pick<BackendContext, "limits" | "user" | "group">;

/** A started backend that is closed after the test, and what it logs. */
export async function openBackend(options?: ProcessBackendOptions, confined?: Confined, folder?: string) {
  const runtimeDir = folder ?? (await temporaryFolder());
  const log: LogEntry[] = [];
  const backend = createBackend(runtimeDir, log, options, confined);
  await backend.start();
  return { backend, runtimeDir, log };
}

/** A backend that is closed after the test. */
export function createBackend(
  runtimeDir: string,
  log: LogEntry[],
  options?: ProcessBackendOptions,
  confined?: Confined,
): Backend {
  const context = { app: "shop", log: recorder(log), runtimeDir, ...confined };
  const backend = processBackend(options).create({}, context);
  cleanups.push(() => backend.close());
  return backend;
}

/** Runs a shell script. */
export function shell(script: string): CommandLaunch {
  return command("/bin/sh", ["-c", script]);
}

/** Runs the functions of a fixture by the worker kit of JavaScript. */
export function kit(fixture: string): CommandLaunch {
  return command(process.execPath, [KIT, "js", join(FIXTURES, fixture)]);
}

export function command(program: string, args: readonly string[] = []): CommandLaunch {
  return { kind: "command", command: program, args, cwd: dirname(FIXTURES), env: { SHOP: "open" }, concurrency: 1 };
}

/** A worker with what it has said so far. */
function watch(link: WorkerLink) {
  const messages: WorkerMessage[] = [];
  const errors: Error[] = [];
  link.onMessage((message) => messages.push(message));
  link.onError((error) => errors.push(error));
  return {
    link,
    messages,
    errors,
    hello: () => vi.waitFor(() => first(messages.filter((message) => message.code === Code.HELLO))),
    /** Bytes of the chunks of a job that has ended. */
    answer: (job: number) =>
      vi.waitFor(() => {
        const own = messages.filter((message) => message.code === Code.CHUNK && message.job === job);
        first(messages.filter((message) => "job" in message && message.job === job && endsJob(message)));
        return Buffer.concat(own.map((message) => (message.code === Code.CHUNK ? message.chunk : new Uint8Array(0))));
      }),
  };
}

/** Starts a worker and watches it. */
export function spawn(backend: Backend, launch: CommandLaunch, identity = "w-1", concurrency = 1) {
  return watch(backend.spawn(launch, { identity, heartbeat: 30, concurrency }));
}

/** Runs a method with a whole request. */
export function invoke(link: WorkerLink, job: number, method: string, chunk: Uint8Array = Buffer.from("")): boolean {
  const metadata = JSON.stringify({ id: `job-${job}`, attempt: 1 });
  return link.send({ code: Code.INVOKE, job, method, metadata, chunk, end: true });
}

/** Waits until a line matches, and returns its first group. */
export async function lineOf(link: WorkerLink, pattern: RegExp): Promise<string> {
  return await vi.waitFor(() => {
    for (const line of link.output()) {
      const match = pattern.exec(line);
      if (match !== null) return match[1] ?? line;
    }
    throw new Error(`no line matches ${pattern}: ${link.output().join("\n")}`);
  });
}

/** State of a process by /proc/<pid>/stat: "R", "S", "Z" (a zombie), …; `undefined` when there is none. */
export async function stateOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[0];
}

/** Waits until a process has ended; one whose new parent has not asked for its status yet has. */
export async function untilDead(pid: number): Promise<void> {
  await vi.waitFor(async () => {
    const state = await stateOf(pid);
    if (state !== undefined && state !== "Z") throw new Error(`process ${pid} lives, in state ${state}`);
  });
}

export function codeOf(exit: Exit): unknown {
  return exit.error !== undefined && "code" in exit.error ? exit.error.code : undefined;
}

function endsJob(message: WorkerMessage): boolean {
  return message.code === Code.CHOKE || message.code === Code.ERROR || (message.code === Code.CHUNK && message.end);
}

function first<T>(list: readonly T[]): T {
  if (list[0] === undefined) throw new Error("nothing yet");
  return list[0];
}

function recorder(entries: LogEntry[], own: LogFields = {}): Logger {
  const at = (level: string) => (fields: LogFields, message: string) =>
    void entries.push({ level, fields: { ...own, ...fields }, message });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => recorder(entries, { ...own, ...fields }),
  };
}
