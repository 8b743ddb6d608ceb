import { type AppInfo, type Distribution, distributionSince, type HostInfo, type TaskInfo } from "@cocaine/core";

/** What a node has said of itself, and when, in monotonic milliseconds. */
export interface Reading {
  readonly node: HostInfo;
  readonly at: number;
}

/** What happened in an app or task between two readings; a second. */
export interface Rates {
  readonly jobs: number;
  readonly failed: number;
  readonly received: number;
  readonly sent: number;
}

export interface TaskChange {
  readonly task: string;
  readonly rates: Rates;
  /** Of the jobs that ended in between. */
  readonly waited: Distribution;
  readonly run: Distribution;
}

export interface AppChange {
  readonly app: string;
  readonly rates: Rates;
  readonly tasks: readonly TaskChange[];
}

/** What happened between two readings, for apps that are in both. */
export function changesBetween(before: Reading, now: Reading): Map<string, AppChange> {
  const seconds = (now.at - before.at) / 1000;
  const earlier = new Map(before.node.apps.map((app) => [app.name, app]));
  return new Map(
    now.node.apps.flatMap((app) => {
      const old = earlier.get(app.name);
      // An app that is younger than it was is another of the same name.
      return old === undefined || app.uptime < old.uptime ? [] : [[app.name, changeOf(old, app, seconds)]];
    }),
  );
}

function changeOf(before: AppInfo, now: AppInfo, seconds: number): AppChange {
  const tasks = Object.entries(now.tasks).flatMap(([task, info]) => {
    const old = before.tasks[task];
    return old === undefined ? [] : [taskChange(task, old, info, seconds)];
  });
  const sum = (of: keyof Rates) => tasks.reduce((total, { rates }) => total + rates[of], 0);
  const rates = { jobs: sum("jobs"), failed: sum("failed"), received: sum("received"), sent: sum("sent") };
  return { app: now.name, rates, tasks };
}

function taskChange(task: string, before: TaskInfo, now: TaskInfo, seconds: number): TaskChange {
  const rate = (of: (info: TaskInfo) => number) => (of(now) - of(before)) / seconds;
  return {
    task,
    rates: {
      jobs: rate(({ jobs }) => jobs.done + jobs.failed),
      failed: rate(({ jobs }) => jobs.failed),
      received: rate(({ bytes }) => bytes.received),
      sent: rate(({ bytes }) => bytes.sent),
    },
    waited: distributionSince(before.waited, now.waited),
    run: distributionSince(before.run, now.run),
  };
}
