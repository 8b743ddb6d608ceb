import { setTimeout as delay } from "node:timers/promises";
import type { AdminClient } from "@cocaine/admin";
import { type Command, InvalidArgumentError } from "commander";
import { pageOf } from "../top/page.ts";
import { changesBetween, type Reading } from "../top/reading.ts";
import { openScreen, type Screen } from "../top/screen.ts";
import type { Session } from "./session.ts";

interface Options {
  /** Seconds. */
  readonly interval: number;
  readonly once?: boolean;
}

/** `cocaine top`: what the node does, drawn anew from time to time. */
export function addTop(program: Command, session: Session): void {
  program
    .command("top")
    .description("watch what the node does: apps, tasks and workers; q leaves")
    .option("-i, --interval <seconds>", "time between two looks", interval, 1)
    .option("--once", "look for one interval, show it and end")
    .addHelpText("after", "\nExamples:\n  $ cocaine top\n  $ cocaine top --interval 5\n  $ cocaine --json top --once")
    .action((options: Options) =>
      session.run((client) => {
        const json = program.opts<{ json?: boolean }>().json === true;
        return options.once === true || json ? print(client, options, session) : watch(client, options);
      }),
    );
}

async function read(client: AdminClient): Promise<Reading> {
  return { node: await client.call("node", {}), at: performance.now() };
}

/** What happens in each interval, as text or a line of JSON. */
async function print(client: AdminClient, { interval, once }: Options, session: Session): Promise<void> {
  let before = await read(client);
  do {
    await delay(interval * 1000);
    const now = await read(client);
    const changes = changesBetween(before, now);
    const result = { seconds: (now.at - before.at) / 1000, changes: [...changes.values()], node: now.node };
    session.show(result, () => pageOf(now.node, changes));
    before = now;
  } while (once !== true);
}

async function watch(client: AdminClient, { interval }: Options): Promise<void> {
  const screen = openScreen({ input: process.stdin, output: process.stdout });
  const ended = new AbortController();
  try {
    await Promise.race([screen.left, draw(client, screen, interval, ended.signal)]);
  } finally {
    ended.abort();
    screen.close();
  }
}

async function draw(client: AdminClient, screen: Screen, interval: number, signal: AbortSignal): Promise<void> {
  let before: Reading | undefined;
  while (!signal.aborted) {
    const now = await read(client);
    if (signal.aborted) return;
    screen.show(pageOf(now.node, before === undefined ? new Map() : changesBetween(before, now)));
    before = now;
    await delay(interval * 1000, undefined, { signal }).catch(() => undefined);
  }
}

function interval(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new InvalidArgumentError("must be 0.1 to 3600 seconds.");
  return seconds;
}
