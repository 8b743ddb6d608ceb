import type { AppInfo, TaskInfo } from "@cocaine/core";
import { type Cell, table } from "./table.ts";

/** The table of apps, tasks and endpoints that a server shows when it is up. */
export function overview(apps: readonly AppInfo[]): string {
  if (apps.length === 0) return "no apps yet: deploy one with `cocaine deploy app.yaml`";
  return table(["APP", "STATE", "TASK", "TYPE", "WHERE"], apps.flatMap(appRows));
}

function appRows(app: AppInfo): Cell[][] {
  const rows: Cell[][] = Object.entries(app.tasks).map(([name, task]) => [name, task.type, placeOf(task)]);
  if (app.feed !== undefined) rows.push(["(feed)", "pubsub", app.feed]);
  if (rows.length === 0) rows.push([app.error?.code, undefined, undefined]);
  // Name and state stand once, before the first of an app's rows.
  return rows.map((row, index) => (index === 0 ? [app.name, app.state, ...row] : ["", "", ...row]));
}

/** Where a task is to be found, by what its driver says: an endpoint, a path or an interval. */
export function placeOf({ driver }: TaskInfo): string | undefined {
  const { endpoint, endpoints, path, interval } = driver;
  const place = endpoint ?? endpoints;
  // A web task has both: its path is below its endpoint.
  if (place !== undefined) return `${[place].flat().join(", ")}${typeof path === "string" && path !== "/" ? path : ""}`;
  if (typeof path === "string") return path;
  return typeof interval === "number" ? `every ${interval / 1000} s` : undefined;
}
