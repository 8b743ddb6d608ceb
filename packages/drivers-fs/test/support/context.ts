import { createError, type DriverContext, type JobOutcome, type JobRequest, silentLogger } from "@cocaine/core/plugin";
import type { FsEvent } from "../../src/index.ts";

/** A driver's context that keeps what it was asked to run; `answer` decides how each job ends. */
export function contextOf(answer: (event: FsEvent, count: number) => Promise<JobOutcome> | JobOutcome) {
  const events: FsEvent[] = [];
  const chunks: Buffer[] = [];
  const warnings: string[] = [];
  const complain = (_: unknown, message: string) => warnings.push(message);
  const never = (): never => {
    throw createError("COC_TEST", "a folder publishes");
  };
  const context: DriverContext = {
    app: "app",
    task: "spool",
    log: { ...silentLogger(), warn: complain, error: complain },
    state: { load: async () => undefined, save: () => undefined },
    signal: new AbortController().signal,
    trigger: never,
    call: never,
    async publish(request: JobRequest) {
      const event = request.metadata?.fs as FsEvent;
      const chunk = Buffer.from(request.chunk ?? []);
      if (chunk.toString() !== event.path) return never();
      chunks.push(chunk);
      events.push(event);
      return answer(event, events.length);
    },
  };
  return { context, events, chunks, warnings };
}

export const ok: JobOutcome = { status: "ok" };
