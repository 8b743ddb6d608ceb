import { type Command, InvalidArgumentError } from "commander";
import type { Session } from "./session.ts";

/** `cocaine feed`: the feed of an app, from now on. */
export function addFeed(program: Command, session: Session): void {
  program
    .command("feed")
    .description("watch the feed of an app, until Ctrl-C")
    .argument("<app>", "name of the app")
    .option("--count <n>", "end after so many messages", countOf)
    .addHelpText("after", "\nExamples:\n  $ cocaine feed my-app\n  $ cocaine --json feed my-app --count 1")
    .action((app: string, options: { count?: number }) =>
      session.run(async (client) => {
        let left = options.count ?? Number.POSITIVE_INFINITY;
        for await (const message of client.stream("feed", { app })) {
          session.show(message, ({ envelope, body }) => `${envelope}  ${body}`);
          if (--left <= 0) return;
        }
      }),
    );
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError("It is a whole number of at least 1.");
  return count;
}
