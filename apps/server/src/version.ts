import { readFileSync } from "node:fs";

/** Version of this package, as its package.json has it: one folder up from the sources, and from the build. */
export const version: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
