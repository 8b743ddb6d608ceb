import { defineDriver } from "@cocaine/core/plugin";
import { Auto } from "./auto.ts";
import { autoOptions } from "./options.ts";

/**
 * The driver `auto`, also known by its older names `timed+auto` and `recurring-timer`: runs its task every `interval`
 * milliseconds, on a grid that does not drift. The answer goes to the app's feed.
 */
export function autoDriver() {
  return defineDriver({
    name: "auto",
    aliases: ["timed+auto", "recurring-timer"],
    options: autoOptions,
    create: (options, context) => new Auto(options, context),
  });
}
