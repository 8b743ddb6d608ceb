export type { FsEvent } from "./event.ts";
export type { FsOptions } from "./options.ts";
export { fsDriver } from "./plugin.ts";
