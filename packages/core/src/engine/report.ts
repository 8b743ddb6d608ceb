import type { CrashReport } from "../records/crash-report.ts";
import type { Job } from "./job.ts";
import type { Worker } from "./worker.ts";
import type { WorkerEnd } from "./worker-owner.ts";

/** Says how a worker ended. */
export function reportOf(worker: Worker, end: WorkerEnd, version: CrashReport["version"]): CrashReport {
  const { exit, error, begun, unbegun, output } = end;
  const about = (begun: boolean) => (job: Job) => ({ id: job.id, task: job.task.name, attempt: job.attempt, begun });
  return {
    time: new Date().toISOString(),
    version,
    worker: worker.id,
    pid: worker.pid,
    uptime: worker.age / 1000,
    done: worker.done,
    status: exit.code,
    signal: exit.signal,
    error: { code: error.code, message: error.message },
    jobs: [...begun.map(about(true)), ...unbegun.map(about(false))],
    output,
  };
}
