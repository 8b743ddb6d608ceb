import { buffer } from "node:stream/consumers";
import type { Command } from "commander";
import type { Session } from "./session.ts";

/** `cocaine call`: runs a job of a task; its answer goes to standard output as it comes. */
export function addCall(program: Command, session: Session): void {
  program
    .command("call")
    .description("run a job; the request is standard input or --data, the answer goes to standard output")
    .argument("<app>", "name of the app")
    .argument("<task>", "name of the task")
    .option("--data <text>", "the request, instead of standard input")
    .addHelpText(
      "after",
      "\nExamples:\n  $ echo hello | cocaine call my-app event\n  $ cocaine call my-app event --data hello",
    )
    .action((app: string, task: string, options: { data?: string }) =>
      session.run(async (client) => {
        const body = await requestOf(options.data);
        for await (const chunk of client.stream("call", { app, task }, body)) await session.write(chunk);
      }),
    );
}

/** The request: nobody types one, so a terminal gives an empty one. */
async function requestOf(data: string | undefined): Promise<Uint8Array> {
  if (data !== undefined) return Buffer.from(data);
  return process.stdin.isTTY === true ? new Uint8Array() : buffer(process.stdin);
}
