import type { LogEntry } from "@cocaine/admin";
import type { Command } from "commander";
import type { Session } from "./session.ts";

/** `cocaine logs`: the last log lines of the node or of one app, and with `-f` those that come. */
export function addLogs(program: Command, session: Session): void {
  program
    .command("logs")
    .description("show the last log lines of the node, or of one app")
    .argument("[app]", "name of the app")
    .option("-f, --follow", "go on with the lines that come, until Ctrl-C")
    .addHelpText("after", "\nExamples:\n  $ cocaine logs my-app\n  $ cocaine logs -f")
    .action((app: string | undefined, options: { follow?: boolean }) =>
      session.run(async (client) => {
        const follow = options.follow === true;
        for await (const entry of client.stream("logs", { follow, ...(app === undefined ? {} : { app }) })) {
          session.show(entry, line);
        }
      }),
    );
}

function line({ time, level, app, message, fields }: LogEntry): string {
  const rest = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const about = app === undefined ? "" : ` [${app}]`;
  return `${new Date(time).toISOString()} ${level.padEnd(5)}${about} ${message}${rest.join("")}`;
}
