import { defineDriver } from "@cocaine/core/plugin";
import { Fs } from "./fs.ts";
import { fsOptions } from "./options.ts";

/**
 * The driver `fs`, also known by its older name `filesystem-monitor`: runs its task for each change below a path. The
 * request is the path as UTF-8; the answer goes to the app's feed.
 */
export function fsDriver() {
  return defineDriver({
    name: "fs",
    aliases: ["filesystem-monitor"],
    options: fsOptions,
    create: (options, context) => new Fs(options, context),
  });
}
