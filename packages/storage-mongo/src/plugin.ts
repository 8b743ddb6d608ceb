import { defineStorage } from "@cocaine/core/plugin";
import { Mongo } from "./mongo.ts";
import { mongoOptions } from "./options.ts";

/**
 * The storage `mongo`: documents in a MongoDB, or in what speaks its protocol, that many nodes share. Of the server it
 * asks unique `_id`s, filtered updates and sorted finds; change streams are used where there are any.
 */
export function mongoStorage() {
  return defineStorage({
    name: "mongo",
    options: mongoOptions,
    create: (options, { log }) => new Mongo(options, log),
  });
}
