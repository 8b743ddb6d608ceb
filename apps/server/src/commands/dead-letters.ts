import type { StoredDeadLetter } from "@cocaine/core";
import type { Command } from "commander";
import { table } from "../table.ts";
import type { Session } from "./session.ts";

/** `cocaine dead-letters`: the jobs of an app that failed for good. */
export function addDeadLetters(program: Command, session: Session): void {
  const letters = program
    .command("dead-letters")
    .description("the jobs of an app that failed for good, of its tasks with `dead-letter`")
    .addHelpText(
      "after",
      "\nExamples:\n  $ cocaine dead-letters ls my-app\n  $ cocaine dead-letters replay my-app 0mhx2k3a1-9f31c2aa-7\n  $ cocaine dead-letters drop my-app --all",
    );

  letters
    .command("ls")
    .description("list them, the latest last")
    .argument("<app>", "name of the app")
    .action((app: string) =>
      session.run(async (client) => session.show(await client.call("deadLetters", { app }), listText)),
    );

  letters
    .command("show")
    .description("show one; with --body its request, as it is")
    .argument("<app>", "name of the app")
    .argument("<id>", "id of the dead letter")
    .option("--body", "write the request alone")
    .action((app: string, id: string, { body }: { body?: boolean }) =>
      session.run(async (client) => {
        const letter = await client.call("deadLetter", { app, id });
        if (body === true) await session.write(Buffer.from(letter.request.body ?? "", "base64"));
        else session.show(letter, letterText);
      }),
    );

  letters
    .command("replay")
    .description("run one again, or all of them, and drop what ends well")
    .argument("<app>", "name of the app")
    .argument("[id]", "id of the dead letter")
    .option("--all", "all of the app, one after another")
    .action((app: string, id: string | undefined, { all }: { all?: boolean }) =>
      session.run(async (client) => {
        for (const each of await chosen(id, all, () => client.call("deadLetters", { app }))) {
          session.show(await client.call("replayDeadLetter", { app, id: each }), () => `${each} ended well`);
        }
      }),
    );

  letters
    .command("drop")
    .description("drop one, or all of them")
    .argument("<app>", "name of the app")
    .argument("[id]", "id of the dead letter")
    .option("--all", "all of the app")
    .action((app: string, id: string | undefined, { all }: { all?: boolean }) =>
      session.run(async (client) => {
        for (const each of await chosen(id, all, () => client.call("deadLetters", { app }))) {
          session.show(await client.call("dropDeadLetter", { app, id: each }), () => `${each} dropped`);
        }
      }),
    );

  async function chosen(
    id: string | undefined,
    all: boolean | undefined,
    list: () => Promise<readonly StoredDeadLetter[]>,
  ): Promise<string[]> {
    if ((id === undefined) === (all !== true)) program.error("error: give the id of a dead letter, or --all");
    return id === undefined ? (await list()).map((letter) => letter.id) : [id];
  }
}

function listText(letters: readonly StoredDeadLetter[]): string {
  if (letters.length === 0) return "no dead letters";
  const rows = letters.map(({ id, time, task, attempts, error, request }) => [
    id,
    time,
    task,
    attempts,
    request.bytes,
    error.code,
  ]);
  return table(["ID", "FAILED", "TASK", "ATTEMPTS", "BYTES", "ERROR"], rows);
}

function letterText({ id, job, time, task, attempts, error, metadata, request }: StoredDeadLetter): string {
  return [
    `${id}: task ${task}, failed ${time} in attempt ${attempts}, job ${job}`,
    `error: ${error.message} (${error.code})`,
    ...(metadata === undefined ? [] : [`metadata: ${JSON.stringify(metadata)}`]),
    `request: ${request.bytes} bytes${request.body === undefined ? ", not kept: it cannot be replayed" : ""}`,
  ].join("\n");
}
