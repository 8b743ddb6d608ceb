export { lsdServerDriver } from "./driver.ts";
export type { LsdServerOptions } from "./options.ts";
