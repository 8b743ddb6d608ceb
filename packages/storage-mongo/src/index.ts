export type { MongoOptions } from "./options.ts";
export { mongoStorage } from "./plugin.ts";
