export type { AutoOptions } from "./options.ts";
export { autoDriver } from "./plugin.ts";
