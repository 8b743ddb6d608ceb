import type { AppInfo, NodeInfo } from "@cocaine/core";
import type { Command } from "commander";
import { table } from "../table.ts";
import { duration } from "../units.ts";
import type { Session } from "./session.ts";

/** `cocaine ls`: the apps of the node, or of the cluster. */
export function addLs(program: Command, session: Session): void {
  program
    .command("ls")
    .description("list the apps")
    .option("--cluster", "on all nodes, and which node runs what runs once")
    .addHelpText("after", "\nExamples:\n  $ cocaine ls\n  $ cocaine --json ls\n  $ cocaine ls --cluster")
    .action(({ cluster }: { cluster?: boolean }) =>
      session.run(async (client) => {
        if (cluster === true) session.show(await client.call("nodes", {}), clusterList);
        else session.show(await client.call("list", {}), list);
      }),
    );
}

const HEADINGS = ["APP", "STATE", "TYPE", "VERSION", "WORKERS", "QUEUE", "RUNNING", "DONE", "FAILED", "UP"];

function list(apps: readonly AppInfo[]): string {
  const rows = apps.map(({ name, state, type, version, pool, queue, jobs, uptime, rejected }) => [
    name,
    rejected === undefined ? state : `${state}, not as stored`,
    type,
    version,
    `${pool.size}/${pool.limit}`,
    `${queue.depth}/${queue.limit}`,
    jobs.running,
    jobs.done,
    jobs.failed,
    duration(uptime),
  ]);
  return table(HEADINGS, rows);
}

/** Each app with its nodes below each other. */
function clusterList(nodes: readonly NodeInfo[]): string {
  const rows = nodes
    .flatMap(({ id, apps }) => apps.map((app) => ({ id, app })))
    .sort((a, b) => (a.app.name === b.app.name ? 0 : a.app.name < b.app.name ? -1 : 1))
    .map(({ id, app: { name, state, version, error, workers, queue, running, tasks } }) => [
      name,
      id,
      error === undefined ? state : `${state}: ${error.code}`,
      version,
      workers,
      queue,
      running,
      Object.entries(tasks)
        .filter(([, { once }]) => once === "holder")
        .map(([task]) => task)
        .join(" "),
    ]);
  return table(["APP", "NODE", "STATE", "VERSION", "WORKERS", "QUEUE", "RUNNING", "RUNS ONCE HERE"], rows);
}
