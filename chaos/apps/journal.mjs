// Says which messages it began to work on, in a file that outlives it, and takes up to 10 ms for each.
import { openSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const journal = openSync(process.env.JOURNAL, "a", 0o600);

export async function event(request) {
  writeSync(journal, `${Buffer.from(request)}\n`);
  // A kill shall hit messages that have begun.
  await setTimeout(Math.random() * 10);
  return request;
}
