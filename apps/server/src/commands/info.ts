import type { AppInfo, HostInfo, TaskInfo } from "@cocaine/core";
import type { Command } from "commander";
import { overview, placeOf } from "../overview.ts";
import { type Cell, table } from "../table.ts";
import { duration, shortTime, size } from "../units.ts";
import type { Session } from "./session.ts";

/** `cocaine info`: the node, or one app. */
export function addInfo(program: Command, session: Session): void {
  program
    .command("info")
    .description("show the node, or one app with its tasks and workers")
    .argument("[app]", "name of the app")
    .addHelpText("after", "\nExamples:\n  $ cocaine info\n  $ cocaine info my-app")
    .action((app: string | undefined) =>
      session.run(async (client) => {
        if (app === undefined) session.show(await client.call("node", {}), nodeText);
        else session.show(await client.call("info", { app }), appText);
      }),
    );
}

function nodeText({ hostname, pid, uptime, apps }: HostInfo): string {
  return `${hostname}, process ${pid}, up ${duration(uptime)}\n\n${overview(apps)}`;
}

function appText(app: AppInfo): string {
  const { name, type, version, bundle, state, uptime, error, queue, pool, jobs, feed } = app;
  const workers = pool.workers.map((worker) => [
    worker.id,
    worker.pid,
    worker.state,
    worker.jobs,
    worker.done,
    duration(worker.uptime),
  ]);
  const delayed = queue.delayed === 0 ? "" : `, ${queue.delayed} more wait to be tried again`;
  return [
    `${name}: ${type}${version === undefined ? "" : `, version ${version}`}, ${state}, up ${duration(uptime)}`,
    ...(bundle === undefined ? [] : [`bundle: ${bundle}`]),
    ...(error === undefined ? [] : [`error: ${error.message} (${error.code})`]),
    `queue: ${queue.depth} of ${queue.limit}, ${queue.highest} at the most${delayed}`,
    `pool: ${pool.size} of ${pool.min} to ${pool.limit}, ${countsText(pool.states)}`,
    `workers: ${pool.starts} started, ${pool.restarts} of them for others that had ended; ended: ${countsText(pool.ends)}`,
    `jobs: ${jobs.running} running, ${jobs.done} done, ${jobs.failed} failed, ${jobs.cancelled} cancelled`,
    ...(feed === undefined ? [] : [`feed: ${feed}`]),
    "",
    table(["TASK", "TYPE", "WHERE", "DONE", "FAILED", "CANCELLED", "RETRIES", "IN", "OUT"], tasksOf(app, countCells)),
    "",
    table(["TASK", "WAITED 50%", "90%", "99%", "MAX", "RUN 50%", "90%", "99%", "MAX"], tasksOf(app, timeCells)),
    ...failureLines(app),
    "",
    table(["WORKER", "PID", "STATE", "JOBS", "DONE", "UP"], workers),
  ].join("\n");
}

function tasksOf({ tasks }: AppInfo, cells: (info: TaskInfo) => Cell[]): Cell[][] {
  return Object.entries(tasks).map(([name, info]) => [name, ...cells(info)]);
}

function countCells(info: TaskInfo): Cell[] {
  const { jobs, bytes } = info;
  const place = placeOf(info);
  return [
    info.type,
    place,
    jobs.done,
    jobs.failed,
    jobs.cancelled,
    jobs.retries,
    size(bytes.received),
    size(bytes.sent),
  ];
}

function timeCells({ waited, run }: TaskInfo): Cell[] {
  return [waited, run].flatMap(({ count, p50, p90, p99, max }) =>
    [p50, p90, p99, max].map((seconds) => (count === 0 ? undefined : shortTime(seconds))),
  );
}

function failureLines({ tasks }: AppInfo): string[] {
  const failed = Object.entries(tasks).filter(([, { jobs }]) => jobs.failed > 0);
  if (failed.length === 0) return [];
  return ["", ...failed.map(([name, { jobs }]) => `failures of ${name}: ${countsText(jobs.failures)}`)];
}

/** Counts by name, without those that are 0. */
function countsText(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? "none" : some.map(([name, count]) => `${count} ${name}`).join(", ");
}
