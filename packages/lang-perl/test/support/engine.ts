import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ChunkMessage,
  Code,
  createEngineEncoder,
  decodeWorkerMessage,
  type EngineMessage,
  type ErrorMessage,
  silentLogger,
  type WorkerMessage,
} from "@cocaine/core/plugin";
import { createRouter, type Peer } from "@cocaine/zmtp";
import { perlLanguages } from "../../src/index.ts";
import { createInbox, type Inbox } from "./inbox.ts";

/** How a worker under test is started. */
export interface StartOptions {
  /** @defaultValue `"perl"` */
  readonly type?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly interpreter?: string;
  /** Seconds. @defaultValue 60 */
  readonly heartbeat?: number;
  /** The engine expects `worker-1`. @defaultValue `"worker-1"` */
  readonly identity?: string;
}

/** How a job ended. */
export interface Answer {
  readonly chunks: readonly Uint8Array[];
  readonly text: string;
  readonly error: ErrorMessage | undefined;
}

export interface InvokeOptions {
  readonly metadata?: Record<string, unknown>;
  /** @defaultValue true */
  readonly end?: boolean;
}

/** A worker process on a real bus, with the engine's side of the protocol in the hands of a test. */
export interface Engine extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly inbox: Inbox;
  /** What it wrote to stdout and stderr. */
  output(): string;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Resolves at HELLO. */
  hello(): Promise<WorkerMessage & { code: typeof Code.HELLO }>;
  send(message: EngineMessage): void;
  /** Sends a message that the codec does not know. */
  sendFrames(frames: Parameters<Peer["send"]>[0]): void;
  invoke(job: number, method: string, chunk?: Uint8Array | string, options?: InvokeOptions): void;
  write(job: number, chunk: Uint8Array, end?: boolean): void;
  /** Waits for a job's outcome; gives credit as it comes. */
  answer(job: number): Promise<Answer>;
  /** `invoke()` and `answer()`. */
  call(method: string, chunk?: Uint8Array | string, options?: InvokeOptions): Promise<Answer>;
  /** The progress mark. */
  mark(): Promise<number>;
  /** Closes the bus under the worker. */
  leave(): Promise<void>;
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

export async function startEngine(code: string, options: StartOptions = {}): Promise<Engine> {
  const { type = "perl", env = {}, heartbeat = 60, identity = "worker-1" } = options;
  const plugin = perlLanguages(options.interpreter === undefined ? {} : { interpreter: options.interpreter }).find(
    ({ name }) => name === type,
  );
  if (plugin === undefined) throw new Error(`no language ${type}`);
  const launch = await plugin.create({}, { log: silentLogger() }).launch({ name: "test", type, code, env });
  if (launch.kind !== "command") throw new Error("not a command");

  const folder = await mkdtemp(join(tmpdir(), "perl-"));
  const progress = join(folder, "worker.progress");
  await writeFile(progress, new Uint8Array(8));
  const inbox = createInbox();
  let peer: Peer | undefined;
  const encode = createEngineEncoder();
  const router = createRouter({
    accept: (id) => Buffer.from(id).toString() === "worker-1",
    onConnect: (connected) => {
      peer = connected;
    },
    onMessage: (_, frames) => inbox.push(decodeWorkerMessage(frames)),
  });
  await router.bind(`ipc://${join(folder, "bus")}`);

  const child = spawn(launch.command, launch.args, {
    cwd: launch.cwd,
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LANG: "C.UTF-8",
      ...launch.env,
      COCAINE_ENDPOINT: `ipc://${join(folder, "bus")}`,
      COCAINE_IDENTITY: identity,
      COCAINE_APP: "test",
      COCAINE_HEARTBEAT: String(heartbeat),
      COCAINE_CONCURRENCY: "1",
      COCAINE_PROGRESS: progress,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exited = once(child, "close").then(([code, signal]) => {
    inbox.end(`the worker exited with ${code ?? signal}: ${output}`);
    return { code, signal };
  });
  let jobs = 1000;

  const engine: Engine = {
    process: child,
    inbox,
    output: () => output,
    exited,
    hello: () => inbox.find((message) => message.code === Code.HELLO),
    send: (message) => engine.sendFrames(encode(message)),
    sendFrames: (frames) => void peer?.send(frames),
    invoke(job, method, chunk, { metadata = {}, end = true } = {}) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      const text = JSON.stringify({ id: `job-${job}`, attempt: 1, ...metadata });
      engine.send({ code: Code.INVOKE, job, method, metadata: text, chunk: bytes, end });
    },
    write: (job, chunk, end = false) => engine.send({ code: Code.WRITE, job, chunk, end }),
    async answer(job) {
      const chunks: Uint8Array[] = [];
      let ungranted = 0;
      for (;;) {
        const message = await inbox.find(
          (candidate): candidate is ChunkMessage | ErrorMessage | (WorkerMessage & { code: typeof Code.CHOKE }) =>
            "job" in candidate && candidate.job === job && isAnswer(candidate.code),
        );
        if (message.code === Code.CHUNK) {
          chunks.push(message.chunk);
          ungranted += message.chunk.length;
          if (ungranted >= 131_072 && !message.end) {
            engine.send({ code: Code.CREDIT, job, bytes: ungranted });
            ungranted = 0;
          }
          if (!message.end) continue;
        }
        const error = message.code === Code.ERROR ? message : undefined;
        return { chunks, text: Buffer.concat(chunks).toString(), error };
      }
    },
    call(method, chunk, callOptions) {
      const job = ++jobs;
      engine.invoke(job, method, chunk, callOptions);
      return engine.answer(job);
    },
    mark: async () => (await readFile(progress)).readUInt32BE(0),
    leave: () => router.close(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
      await router.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return engine;
}

function isAnswer(code: number): boolean {
  return code === Code.CHUNK || code === Code.CHOKE || code === Code.ERROR;
}
