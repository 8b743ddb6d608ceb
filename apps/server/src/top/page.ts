import type { Distribution, HostInfo } from "@cocaine/core";
import { type Cell, table } from "../table.ts";
import { digits, duration, shortTime, size } from "../units.ts";
import type { AppChange, Rates, TaskChange } from "./reading.ts";

const APPS = ["APP", "STATE", "JOBS/S", "FAILED/S", "IN/S", "OUT/S", "QUEUE", "RUNNING", "WORKERS"];
const TASKS = ["TASK", "TYPE", "JOBS/S", "FAILED/S", "WAITED 50%", "99%", "RUN 50%", "99%", "MAX"];
const WORKERS = ["WORKER", "APP", "PID", "STATE", "JOBS", "DONE", "UP"];

/** What `cocaine top` shows of a node. `changes` have what happened since the reading before; none at first. */
export function pageOf(node: HostInfo, changes: ReadonlyMap<string, AppChange>): string {
  const all = [...changes.values()];
  const sum = (of: keyof Rates) => all.reduce((total, { rates }) => total + rates[of], 0);
  const workers = node.apps.flatMap(({ name, pool }) => pool.workers.map((worker) => ({ app: name, ...worker })));
  const waiting = node.apps.reduce((total, { queue }) => total + queue.depth, 0);
  const about = `${node.hostname}, process ${node.pid}, up ${duration(node.uptime)}`;
  const counts = `${node.apps.length} apps, ${workers.length} workers, ${waiting} jobs wait`;
  return [
    all.length === 0
      ? `${about}: ${counts}`
      : `${about}: ${counts}, ${digits(sum("jobs"))} jobs/s, ${digits(sum("failed"))} failed/s`,
    "",
    table(
      APPS,
      node.apps.map((app) => appRow(app, changes.get(app.name))),
    ),
    "",
    table(
      TASKS,
      node.apps.flatMap((app) =>
        Object.entries(app.tasks).map(([task, { type }]) => {
          const change = changes.get(app.name)?.tasks.find((each) => each.task === task);
          return [`${app.name}/${task}`, type, ...taskCells(change)];
        }),
      ),
    ),
    "",
    table(
      WORKERS,
      workers.map(({ id, app, pid, state, jobs, done, uptime }) => [id, app, pid, state, jobs, done, duration(uptime)]),
    ),
  ].join("\n");
}

function appRow({ name, state, queue, jobs, pool }: HostInfo["apps"][number], change: AppChange | undefined): Cell[] {
  const { rates } = change ?? {};
  return [
    name,
    state,
    rates && digits(rates.jobs),
    rates && digits(rates.failed),
    rates && size(rates.received),
    rates && size(rates.sent),
    `${queue.depth}/${queue.limit}`,
    jobs.running,
    `${pool.size}/${pool.limit}`,
  ];
}

function taskCells(change: TaskChange | undefined): Cell[] {
  if (change === undefined) return [undefined, undefined, undefined, undefined, undefined, undefined, undefined];
  const { rates, waited, run } = change;
  const time = ({ count }: Distribution, seconds: number) => (count === 0 ? undefined : shortTime(seconds));
  return [
    digits(rates.jobs),
    digits(rates.failed),
    time(waited, waited.p50),
    time(waited, waited.p99),
    time(run, run.p50),
    time(run, run.p99),
    time(run, run.max),
  ];
}
