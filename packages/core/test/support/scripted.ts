import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry, type Host, type HostOptions } from "@cocaine/core";
import {
  Code,
  type CommandLaunch,
  type Driver,
  type DriverContext,
  defineBackend,
  defineDriver,
  defineLanguage,
  type EngineMessage,
  type Exit,
  type WorkerLink,
  type WorkerMessage,
  z,
} from "@cocaine/core/plugin";

/** A worker that does what a test tells it, message by message: the far side of the backend's contract. */
export interface ScriptedWorker {
  readonly identity: string;
  readonly messages: EngineMessage[];
  /** Bytes of memory that it is said to have. */
  rss: number | undefined;
  /** Grace of each `stop()`. */
  readonly stops: number[];
  say(message: WorkerMessage): void;
  hello(progress?: boolean): void;
  /** Answers a job whole. */
  answer(job: number, text: string): void;
  exit(exit?: Partial<Exit>): void;
  /** Sets the progress mark. */
  begin(job: number): void;
  /** Jobs that it was sent, by number. */
  invoked(): number[];
}

export type Behaviour = (worker: ScriptedWorker, message: EngineMessage) => void;

export interface Scripted {
  readonly host: Host;
  readonly workers: ScriptedWorker[];
  /** Contexts of the drivers, by task. */
  readonly contexts: Map<string, DriverContext>;
  /** How drivers were paused, resumed and closed, as `<task>: <reason>`, `<task>: resumed` and `<task>: closed`. */
  readonly holds: string[];
  close(): Promise<void>;
}

/** Answers at once and exits when told to. */
export const obliging: Behaviour = (worker, message) => {
  if (message.code === Code.INVOKE && message.end) worker.answer(message.job, `done ${message.method}`);
  if (message.code === Code.TERMINATE) worker.exit({ code: 0 });
};

/** A host whose workers are scripted; `onSpawn` may say hello or exit. A code at `/broken` has no launch. */
export async function scripted(
  onSpawn: (worker: ScriptedWorker) => void = (worker) => worker.hello(),
  behave: Behaviour = obliging,
  options: Partial<HostOptions> = {},
): Promise<Scripted> {
  const workers: ScriptedWorker[] = [];
  const contexts = new Map<string, DriverContext>();
  const holds: string[] = [];
  const runtimeDir = await mkdtemp(join(tmpdir(), "cocaine-core-"));
  const backend = defineBackend({
    name: "process",
    options: z.strictObject({}),
    create: () => ({
      start: async () => undefined,
      close: async () => undefined,
      spawn(_launch, { identity }) {
        const { worker, link } = createWorker(identity, behave);
        workers.push(worker);
        setImmediate(() => onSpawn(worker));
        return link;
      },
    }),
  });
  const language = defineLanguage({
    name: "any",
    options: z.strictObject({}),
    create: () => ({
      launch: async ({ code, env }): Promise<CommandLaunch> => {
        if (code === "/broken") throw new Error("there is no code");
        return { kind: "command", command: code, args: [], cwd: "/", env, concurrency: 1 };
      },
    }),
  });
  const driver = defineDriver({
    name: "manual",
    options: z.strictObject({ endpoint: z.string().default("here") }),
    create: (options, context): Driver => {
      if (options.endpoint === "unmade") throw new Error("the driver cannot be made");
      contexts.set(context.task, context);
      return {
        start: async () => {
          if (options.endpoint === "taken" || options.endpoint === "stuck") throw new Error("the endpoint is taken");
        },
        pause: (reason) => holds.push(`${context.task}: ${reason}`),
        resume: () => holds.push(`${context.task}: resumed`),
        drain: () => (options.endpoint === "busy" ? new Promise(() => undefined) : Promise.resolve()),
        async close() {
          holds.push(`${context.task}: closed`);
          if (options.endpoint === "stuck" || options.endpoint === "unclosed") throw new Error("it does not close");
        },
        info: () => ({ endpoint: options.endpoint }),
      };
    },
  });
  const host = createHost({
    registry: createRegistry().use([backend, language, driver]),
    runtimeDir,
    hostname: "node",
    ...options,
  });
  await host.start();
  return {
    host,
    workers,
    contexts,
    holds,
    async close() {
      await host.close({ deadline: 0 });
      await rm(runtimeDir, { recursive: true, force: true });
    },
  };
}

/** A manifest for a scripted host. */
export function manifestOf(engine: Record<string, unknown> = {}, task: Record<string, unknown> = {}) {
  return { type: "any", args: "/code", engine, tasks: { event: { type: "manual", ...task } } };
}

function createWorker(identity: string, behave: Behaviour): { worker: ScriptedWorker; link: WorkerLink } {
  let heard: (message: WorkerMessage) => void = () => undefined;
  let mark = 0;
  let gone = false;
  let leave: (exit: Exit) => void = () => undefined;
  const exited = new Promise<Exit>((resolve) => {
    leave = resolve;
  });
  const worker: ScriptedWorker = {
    identity,
    messages: [],
    rss: undefined,
    stops: [],
    say: (message) => heard(message),
    hello: (progress = false) =>
      heard({ code: Code.HELLO, hello: { protocol: 1, pid: 1, language: "any", kit: "test", progress } }),
    answer(job, text) {
      heard({ code: Code.CHUNK, job, chunk: Buffer.from(text), end: false });
      heard({ code: Code.CHOKE, job });
    },
    exit({ code = null, signal = null, ...rest } = {}) {
      gone = true;
      leave({ code, signal, ...rest });
    },
    begin(job) {
      mark = job;
    },
    invoked: () => worker.messages.flatMap((message) => (message.code === Code.INVOKE ? [message.job] : [])),
  };
  const link: WorkerLink = {
    pid: undefined,
    send(message) {
      if (gone) return false;
      worker.messages.push(message);
      setImmediate(() => behave(worker, message));
      return true;
    },
    onMessage(handler) {
      heard = handler;
    },
    onError: () => undefined,
    exited,
    async stop(grace) {
      worker.stops.push(grace);
      worker.exit({ signal: "SIGTERM" });
      await exited;
    },
    begun: () => mark,
    rss: async () => worker.rss,
    output: () => ["its last line"],
  };
  return { worker, link };
}

/** Everything that a call answers, as text. */
export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}
