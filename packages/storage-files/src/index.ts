export type { FilesOptions } from "./options.ts";
export { filesStorage } from "./plugin.ts";
