import { defineDriver } from "@cocaine/core/plugin";
import { Fs } from "./fs.ts";
import { fsOptions } from "./options.ts";
import { Spool } from "./spool.ts";

/**
 * The driver `fs`, also known by its older name `filesystem-monitor`: runs its task for each change below a path, or,
 * as a spool, for each file until that has ended. The request is the path in the system's own bytes, UTF-8 as a rule;
 * the answer goes to the app's feed.
 */
export function fsDriver() {
  return defineDriver({
    name: "fs",
    aliases: ["filesystem-monitor"],
    options: fsOptions,
    policy: ({ spool }) => ({
      cluster: "once",
      ...(spool && { overflow: "block", retries: { attempts: 3, backoff: 1, on: ["crash", "timeout", "error"] } }),
    }),
    create: (options, context) => (options.spool ? new Spool(options, context) : new Fs(options, context)),
  });
}
