export type { HttpOptions } from "./options.ts";
export { httpDriver } from "./plugin.ts";
