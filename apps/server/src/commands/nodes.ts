import type { NodeInfo } from "@cocaine/core";
import type { Command } from "commander";
import { table } from "../table.ts";
import { duration, size } from "../units.ts";
import type { Session } from "./session.ts";

/** `cocaine nodes`: the cluster. */
export function addNodes(program: Command, session: Session): void {
  program
    .command("nodes")
    .description("list the nodes of the cluster")
    .addHelpText("after", "\nExamples:\n  $ cocaine nodes\n  $ cocaine --json nodes")
    .action(() =>
      session.run(async (client) => {
        const nodes = await client.call("nodes", {});
        await session.learn(nodes);
        session.show(nodes, listOf);
      }),
    );
}

const HEADINGS = [
  "NODE",
  "ADDRESS",
  "VERSION",
  "APPS",
  "FAILED",
  "WORKERS",
  "QUEUE",
  "CPU",
  "MEMORY",
  "UP",
  "SEEN",
  "ADMIN",
];

function listOf(nodes: readonly NodeInfo[]): string {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  const rows = nodes.map(({ id, self, address, hostname, version, apps, load, startedAt, age, admin }) => [
    self ? `${id} *` : id,
    address ?? hostname,
    version,
    apps.length,
    apps.filter(({ error }) => error !== undefined).length,
    sum(apps.map(({ workers }) => workers)),
    sum(apps.map(({ queue }) => queue)),
    load.cpu,
    size(load.memory),
    duration(Math.max(0, Date.now() - startedAt) / 1000),
    self ? "now" : `${duration(age / 1000)} ago`,
    admin?.endpoint,
  ]);
  return table(HEADINGS, rows);
}
