import type { AppInfo } from "@cocaine/core";
import type { Command } from "commander";
import { table } from "../table.ts";
import { duration } from "../units.ts";
import type { Session } from "./session.ts";

/** `cocaine ls`: the apps of the node. */
export function addLs(program: Command, session: Session): void {
  program
    .command("ls")
    .description("list the apps")
    .addHelpText("after", "\nExamples:\n  $ cocaine ls\n  $ cocaine --json ls")
    .action(() => session.run(async (client) => session.show(await client.call("list", {}), list)));
}

const HEADINGS = ["APP", "STATE", "TYPE", "VERSION", "WORKERS", "QUEUE", "RUNNING", "DONE", "FAILED", "UP"];

function list(apps: readonly AppInfo[]): string {
  const rows = apps.map(({ name, state, type, version, pool, queue, jobs, uptime }) => [
    name,
    state,
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
