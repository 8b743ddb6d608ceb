import type { DriverContext, JobHandle, JobRequest, Logger, ResponseSink } from "@cocaine/core/plugin";
import { httpDriver } from "../../src/index.ts";

type HttpPlugin = ReturnType<typeof httpDriver>;

/** A job as an application in this process sees it. */
export interface Job {
  readonly id: string;
  readonly metadata: { readonly http: HttpMetadata };
  /** Chunks of the request that came so far. */
  readonly chunks: Uint8Array[];
  readonly sink: ResponseSink;
  /** How many of the chunks came with the trigger: 0 or 1. */
  readonly whole: boolean;
  ended: boolean;
  cancelled: string | undefined;
  resumed: number;
  /** What `handle.write()` says. */
  room: boolean;
  onChunk?: (chunk: Uint8Array) => void;
  onEnd?: () => void;
  onResume?: () => void;
  onCancel?: () => void;
}

interface HttpMetadata {
  method: string;
  url: string;
  httpVersion: string;
  headers: [string, string][];
  remote: { address: string; port: number };
  local: { address: string; port: number };
  tls: boolean;
  path: string;
}

/** The application: called once for each job, after `trigger()` has returned. */
export type App = (job: Job) => void;

/** A line that the driver logged. */
interface Line {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

const encoder = new TextEncoder();

export const bytes = (text: string): Uint8Array => encoder.encode(text);

export const headOf = (status: number, headers: [string, string][] = [], more: object = {}): Uint8Array =>
  bytes(JSON.stringify({ status, headers, ...more }));

/** Answers a job as a whole. */
export function answer(job: Job, body: string, headers: [string, string][] = [], status = 200): void {
  job.sink.write(headOf(status, headers));
  if (body !== "") job.sink.write(bytes(body));
  job.sink.end();
}

/** The text of what came of a request. */
export const textOf = (job: Job): string => Buffer.concat(job.chunks).toString();

/** Waits for the whole request. */
export function whenWhole(job: Job, then: () => void): void {
  if (job.ended) then();
  else job.onEnd = then;
}

/** A context whose jobs are run by a function in this process. */
export function createContext(app: App, task = "web") {
  const jobs: Job[] = [];
  const lines: Line[] = [];
  let ids = 0;
  const write = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, fields, message });
  const log: Logger = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => log,
  };
  const trigger = (request: JobRequest, sink: ResponseSink): JobHandle => {
    const job: Job = {
      id: `job-${++ids}`,
      metadata: request.metadata as Job["metadata"],
      chunks: request.chunk === undefined ? [] : [request.chunk],
      sink,
      whole: request.end !== false,
      ended: request.end !== false,
      cancelled: undefined,
      resumed: 0,
      room: true,
    };
    jobs.push(job);
    queueMicrotask(() => job.cancelled === undefined && app(job));
    return {
      id: job.id,
      write(chunk) {
        if (job.onChunk === undefined) job.chunks.push(chunk);
        else job.onChunk(chunk);
        return job.room;
      },
      end() {
        job.ended = true;
        job.onEnd?.();
      },
      resume() {
        job.resumed++;
        job.onResume?.();
      },
      cancel(reason = "") {
        job.cancelled = reason;
        job.onCancel?.();
      },
    };
  };
  const context: DriverContext = {
    app: "shop",
    task,
    log,
    state: { load: async () => undefined, save: () => undefined },
    signal: new AbortController().signal,
    trigger,
    call() {
      throw new Error("the driver does not call");
    },
    publish() {
      throw new Error("the driver does not publish");
    },
  };
  return { context, jobs, lines };
}

/** A started driver with its application. */
export async function serve(app: App, options: object = {}, plugin: HttpPlugin = httpDriver(), task = "web") {
  const { context, jobs, lines } = createContext(app, task);
  const parsed = plugin.options.parse({ endpoint: "http://127.0.0.1:0", ...options });
  const driver = plugin.create(parsed, context);
  try {
    await driver.start();
  } catch (error) {
    await driver.close();
    throw error;
  }
  const url = String(driver.info?.().endpoint);
  return { driver, jobs, lines, url, port: Number(new URL(url.replace("*", "localhost")).port) };
}

export type Served = Awaited<ReturnType<typeof serve>>;
