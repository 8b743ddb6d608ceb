import type { AppInfo, HostInfo } from "@cocaine/core";
import type { Command } from "commander";
import { overview, placeOf } from "../overview.ts";
import { table } from "../table.ts";
import { duration } from "../units.ts";
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
  const { name, type, version, state, uptime, error, queue, pool, jobs, feed } = app;
  const tasks = Object.entries(app.tasks).map(([task, info]) => [
    task,
    info.type,
    placeOf(info),
    info.jobs.done,
    info.jobs.failed,
  ]);
  const workers = pool.workers.map((worker) => [
    worker.id,
    worker.pid,
    worker.state,
    worker.jobs,
    worker.done,
    duration(worker.uptime),
  ]);
  return [
    `${name}: ${type}${version === undefined ? "" : `, version ${version}`}, ${state}, up ${duration(uptime)}`,
    ...(error === undefined ? [] : [`error: ${error.message} (${error.code})`]),
    `queue: ${queue.depth} of ${queue.limit}`,
    `pool: ${pool.size} of ${pool.min} to ${pool.limit}`,
    `jobs: ${jobs.running} running, ${jobs.done} done, ${jobs.failed} failed`,
    ...(feed === undefined ? [] : [`feed: ${feed}`]),
    "",
    table(["TASK", "TYPE", "WHERE", "DONE", "FAILED"], tasks),
    "",
    table(["WORKER", "PID", "STATE", "JOBS", "DONE", "UP"], workers),
  ].join("\n");
}
