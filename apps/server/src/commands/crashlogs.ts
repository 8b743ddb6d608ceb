import type { StoredCrashReport } from "@cocaine/core";
import { type Command, InvalidArgumentError } from "commander";
import { duration } from "../units.ts";
import type { Session } from "./session.ts";

/** `cocaine crashlogs`: how workers of an app ended that nobody had asked to. */
export function addCrashlogs(program: Command, session: Session): void {
  program
    .command("crashlogs")
    .description("show how workers of an app crashed, hung or had to be killed, the latest last")
    .argument("<app>", "name of the app")
    .option("-n, --last <count>", "only so many", count)
    .addHelpText("after", "\nExamples:\n  $ cocaine crashlogs my-app\n  $ cocaine crashlogs my-app -n 1")
    .action((app: string, { last }: { last?: number }) =>
      session.run(async (client) => {
        const reports = await client.call("crashlogs", { app });
        session.show(last === undefined ? reports : reports.slice(-last), listText);
      }),
    );
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("must be a number from 1 on.");
  return number;
}

function listText(reports: readonly StoredCrashReport[]): string {
  return reports.length === 0 ? "no worker crashed" : reports.map(reportText).join("\n\n");
}

function reportText(report: StoredCrashReport): string {
  const { time, worker, pid, version, uptime, done, error, jobs, output, skipped } = report;
  const about = [
    ...(pid === undefined ? [] : [`process ${pid}`]),
    ...(version === undefined ? [] : [`version ${version}`]),
    `up ${duration(uptime)}`,
    `${done} jobs done`,
  ];
  // Its last lines stand below: the message that ends with them is not to say them twice.
  const [message = ""] = error.message.split("; its last lines:");
  return [
    ...(skipped === undefined ? [] : [`(${skipped} more before this one, too fast to be kept)`]),
    `${time} worker ${worker} (${about.join(", ")}): ${message} (${error.code})`,
    ...jobs.map(({ id, task, attempt, begun }) => `  ${begun ? "ran" : "had"} job ${id}: ${task}, attempt ${attempt}`),
    ...output.map((line) => `  | ${line}`),
  ].join("\n");
}
