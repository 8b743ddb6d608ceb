// Says which messages it began to work on, in a file that outlives it.
import { openSync, writeSync } from "node:fs";

const journal = openSync(process.env.JOURNAL, "a", 0o600);

export function event(request) {
  writeSync(journal, `${Buffer.from(request)}\n`);
  return request;
}
