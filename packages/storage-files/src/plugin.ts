import { defineStorage } from "@cocaine/core/plugin";
import { Files } from "./files.ts";
import { filesOptions } from "./options.ts";

/** The storage `files`: documents as JSON files in a folder, written atomically and durably, by one process at a time. */
export function filesStorage() {
  return defineStorage({
    name: "files",
    options: filesOptions,
    create: (options, { log }) => new Files(options, log),
  });
}
