import { randomUUID } from "node:crypto";
import {
  type CocaineError,
  createError,
  type DriverContext,
  isCocaineError,
  type JobHandle,
  type JobOutcome,
  type JobRequest,
  messageOf,
  type ResponseSink,
} from "@cocaine/core/plugin";
import { keepingLogger } from "./log.ts";

/** A job as the scripted app sees it. */
export interface ScriptedJob {
  readonly request: JobRequest;
  /** Aborted when the driver cancels the job; the reason is the driver's. */
  readonly signal: AbortSignal;
  /** The request's chunks as they come. */
  chunks(): AsyncGenerator<Buffer>;
}

/** Answers a job: each value that it yields is a chunk, what it throws is the job's failure. */
export type ScriptedApp = (job: ScriptedJob) => AsyncIterable<Uint8Array | string>;

/**
 * A driver's context whose jobs are run by a function of the test, with the engine's rules: nothing of the response is
 * called before `trigger()` has returned or after `cancel()`, and a `write()` that says `false` is waited for.
 */
export function scriptedContext(app: ScriptedApp) {
  const log = keepingLogger();
  const context: DriverContext = {
    app: "scripted",
    task: "event",
    log,
    state: { load: async () => undefined, save: () => undefined },
    signal: new AbortController().signal,
    trigger: (request, response) => runScripted(app, request, response),
    call: () => unused("call"),
    publish: (request, _signal, rest) => publishScripted(app, request, rest),
  };
  return { context, log };
}

/** Runs a job whose answer nobody hears. */
function publishScripted(app: ScriptedApp, request: JobRequest, rest: readonly Uint8Array[] = []): Promise<JobOutcome> {
  return new Promise((resolve) => {
    const job = runScripted(app, request, {
      write: () => true,
      end: () => resolve({ status: "ok" }),
      fail: (error) => resolve({ status: "failed", error }),
    });
    for (const chunk of rest) job.write(chunk);
    if (request.end === false) job.end();
  });
}

function unused(name: string): never {
  throw new Error(`${name}() is not for drivers that answer`);
}

function runScripted(app: ScriptedApp, request: JobRequest, response: ResponseSink): JobHandle {
  const abort = new AbortController();
  const queue: Uint8Array[] = request.chunk === undefined ? [] : [request.chunk];
  let ended = request.end !== false;
  let full = false;
  let wake: (() => void) | undefined;
  let resume: (() => void) | undefined;

  async function* chunks(): AsyncGenerator<Buffer> {
    while (true) {
      const chunk = queue.shift();
      if (chunk !== undefined) yield Buffer.from(chunk);
      else if (ended) return;
      else {
        if (full) {
          full = false;
          response.drain?.();
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  async function run(): Promise<void> {
    await Promise.resolve();
    let failure: CocaineError | undefined;
    try {
      for await (const chunk of app({ request, signal: abort.signal, chunks })) {
        if (abort.signal.aborted) return;
        if (!response.write(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) {
          await new Promise<void>((resolve) => {
            resume = resolve;
          });
        }
      }
    } catch (error) {
      failure = isCocaineError(error) ? error : createError("COC_JOB_FAILED", messageOf(error), { cause: error });
    }
    if (abort.signal.aborted) return;
    if (failure) response.fail(failure);
    else response.end();
  }

  void run();
  return {
    id: randomUUID(),
    write(chunk) {
      queue.push(chunk);
      wake?.();
      full = queue.length >= 4;
      return !full;
    },
    end() {
      ended = true;
      wake?.();
    },
    resume: () => resume?.(),
    cancel(reason) {
      abort.abort(reason);
      ended = true;
      wake?.();
      resume?.();
    },
  };
}
