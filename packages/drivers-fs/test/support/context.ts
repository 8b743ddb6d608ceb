import { createError, type DriverContext, type JobOutcome, type JobRequest, silentLogger } from "@cocaine/core/plugin";
import type { FsEvent } from "../../src/index.ts";

/** A driver's context that keeps what it was asked to run; `answer` decides how each job ends. */
export function contextOf(answer: (event: FsEvent, count: number) => Promise<JobOutcome> | JobOutcome) {
  const events: FsEvent[] = [];
  const warnings: string[] = [];
  const never = (): never => {
    throw createError("COC_TEST", "a folder publishes");
  };
  const context: DriverContext = {
    app: "app",
    task: "spool",
    log: { ...silentLogger(), warn: (_, message) => warnings.push(message) },
    state: { load: async () => undefined, save: () => undefined },
    signal: new AbortController().signal,
    trigger: never,
    call: never,
    async publish(request: JobRequest) {
      const event = request.metadata?.fs as FsEvent;
      if (Buffer.from(request.chunk ?? []).toString() !== event.path) return never();
      events.push(event);
      return answer(event, events.length);
    },
  };
  return { context, events, warnings };
}

export const ok: JobOutcome = { status: "ok" };
