import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, type CommandLaunch, decodeWorkerMessage, type WorkerMessage } from "@cocaine/core/plugin";
import { createRouter, type Peer } from "@cocaine/zmtp";
import { until } from "./until.ts";

/** What has come of one job. */
export interface KitJob {
  readonly chunks: Uint8Array[];
  bytes: number;
  /** Bytes that the worker has given credit for. */
  credit: number;
  /** How it ended. */
  end: "well" | { readonly message: string } | undefined;
}

/** A worker process of a kit, to which a test is the engine: frames alone, over a socket of its own. */
export interface KitWorker {
  send(frames: readonly Uint8Array[]): void;
  job(number: number): KitJob;
  heartbeats(): number;
  /** Closes the socket, as an engine that dies does. */
  disconnect(): Promise<void>;
  /** Exit status; `null` after a signal. */
  readonly exited: Promise<number | null>;
  /** What it wrote to stderr. */
  stderr(): string;
  close(): Promise<void>;
}

/** Starts a worker and waits for its HELLO. */
export async function startKitWorker(
  launch: CommandLaunch,
  heartbeat: number,
  autoCredit: boolean,
): Promise<KitWorker> {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  const progress = join(folder, "progress");
  await writeFile(progress, Buffer.alloc(8));
  const jobs = new Map<number, KitJob>();
  let peer: Peer | undefined;
  let hello = false;
  let heartbeats = 0;
  let broken: Error | undefined;

  const jobOf = (number: number): KitJob => {
    const job = jobs.get(number) ?? { chunks: [], bytes: 0, credit: 0, end: undefined };
    jobs.set(number, job);
    return job;
  };
  const take = (message: WorkerMessage): void => {
    if (!hello && message.code !== Code.HELLO) throw new Error("the first message was not HELLO");
    if (message.code === Code.HELLO) hello = true;
    else if (message.code === Code.HEARTBEAT) heartbeats++;
    else if (message.code === Code.CREDIT) jobOf(message.job).credit += message.bytes;
    else if (message.code === Code.ERROR)
      finish(jobOf(message.job), { message: `${message.error}: ${message.message}` });
    else if (message.code === Code.CHOKE) finish(jobOf(message.job), "well");
    else if (message.code === Code.CHUNK) {
      const job = jobOf(message.job);
      job.chunks.push(Uint8Array.from(message.chunk));
      job.bytes += message.chunk.length;
      if (autoCredit) peer?.send([creditHead(message.job), creditBytes(message.chunk.length)]);
      if (message.end) finish(job, "well");
    }
  };
  const router = createRouter({
    onConnect: (connected) => {
      peer = connected;
    },
    onMessage: (_, frames) => {
      try {
        take(decodeWorkerMessage(frames));
      } catch (error) {
        broken ??= error as Error;
      }
    },
  });
  const endpoint = await router.bind(`ipc://${join(folder, "bus")}`);
  const child = start(launch, {
    COCAINE_ENDPOINT: endpoint,
    COCAINE_IDENTITY: "vector-1",
    COCAINE_APP: "vectors",
    COCAINE_HEARTBEAT: String(heartbeat),
    COCAINE_CONCURRENCY: "1",
    COCAINE_PROGRESS: progress,
  });
  let stderr = "";
  child.stdout?.resume();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);

  const worker: KitWorker = {
    send: (frames) => void peer?.send(frames),
    job(number) {
      if (broken !== undefined) throw broken;
      return jobOf(number);
    },
    heartbeats: () => heartbeats,
    disconnect: () => router.close(),
    exited,
    stderr: () => stderr,
    async close() {
      child.kill("SIGKILL");
      await exited;
      await router.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await until("the worker says HELLO", () => {
      if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}: ${stderr}`);
      return hello;
    });
  } catch (error) {
    await worker.close();
    throw error;
  }
  return worker;
}

function finish(job: KitJob, end: NonNullable<KitJob["end"]>): void {
  if (job.end !== undefined) throw new Error("a job ended twice");
  job.end = end;
}

function creditHead(job: number): Uint8Array {
  const head = Buffer.alloc(8);
  head[0] = Code.CREDIT;
  head.writeUInt32BE(job, 4);
  return head;
}

function creditBytes(bytes: number): Uint8Array {
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(bytes);
  return frame;
}

function start({ command, args, cwd, env }: CommandLaunch, own: Readonly<Record<string, string>>): ChildProcess {
  const { PATH = "/usr/local/bin:/usr/bin:/bin" } = process.env;
  return spawn(command, args, {
    cwd,
    env: { PATH, LANG: "C.UTF-8", ...env, ...own },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
