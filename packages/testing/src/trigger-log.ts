import {
  type CocaineError,
  createError,
  type DriverContext,
  type JobHandle,
  type JobOutcome,
  type JobRequest,
  type ResponseSink,
  silentLogger,
} from "@cocaine/core/plugin";

/** A job that a driver triggered, in the hands of a test. */
export interface TriggeredJob {
  readonly request: JobRequest;
  /** The driver said that its caller went away. */
  readonly cancelled: boolean;
  /** Ends it well, with an answer. */
  answer(text: string): void;
  fail(error: CocaineError): void;
}

/** The engine's side of a driver: every job that it triggers. */
export interface TriggerLog {
  readonly context: DriverContext;
  readonly jobs: readonly TriggeredJob[];
  /** Says what becomes of jobs that are triggered from now on. @defaultValue they wait for the test */
  onJob: ((job: TriggeredJob) => void) | undefined;
}

export function createTriggerLog(task: string): TriggerLog {
  const jobs: TriggeredJob[] = [];

  function trigger(request: JobRequest, sink: ResponseSink): JobHandle {
    let over = false;
    let cancelled = false;
    const finish = (end: () => void) => {
      if (over) return;
      over = true;
      end();
    };
    const job: TriggeredJob = {
      request,
      get cancelled() {
        return cancelled;
      },
      answer: (text) =>
        finish(() => {
          if (text !== "") sink.write(Buffer.from(text));
          sink.end();
        }),
      fail: (error) => finish(() => sink.fail(error)),
    };
    jobs.push(job);
    // Nothing of the response may be called before the handle is returned.
    queueMicrotask(() => log.onJob?.(job));
    return {
      id: `job-${jobs.length}`,
      write: () => true,
      end: () => undefined,
      resume: () => undefined,
      cancel() {
        over = true;
        cancelled = true;
      },
    };
  }

  function publish(request: JobRequest, signal?: AbortSignal): Promise<JobOutcome> {
    return new Promise((resolve) => {
      const handle = trigger(request, {
        write: () => true,
        end: () => resolve({ status: "ok" }),
        fail: (error) => resolve({ status: "failed", error }),
      });
      signal?.addEventListener("abort", () => {
        handle.cancel();
        resolve({ status: "cancelled" });
      });
    });
  }

  async function* call(request: JobRequest): AsyncGenerator<Uint8Array> {
    const outcome = await publish(request);
    if (outcome.status === "failed") throw outcome.error;
    yield* [];
  }

  let kept: unknown;
  const keep = (value: unknown) => {
    kept = value;
  };
  const state = { load: async () => kept, save: (value: unknown) => keep(value) };
  const { signal } = new AbortController();
  const log: TriggerLog = {
    jobs,
    onJob: undefined,
    context: { app: "app", task, log: silentLogger(), signal, trigger, call, publish, state },
  };
  return log;
}

/** What the engine says when its queue is full. */
export function queueFull(): CocaineError {
  return createError("COC_QUEUE_FULL", "the queue is full");
}

/** What the engine says when the app's code failed. */
export function jobFailed(): CocaineError {
  return createError("COC_JOB_FAILED", "the app failed");
}
