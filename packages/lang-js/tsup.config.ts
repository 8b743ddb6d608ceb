import { readFileSync } from "node:fs";
import { defineConfig, type Options } from "tsup";
import { library } from "../../tsup.base.ts";

const { version }: { version: string } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** The library, and the worker kit: one file that needs nothing but Node, since apps have none of our packages. */
export default defineConfig([
  // The two builds run side by side: none may clean what the other has built.
  library({ clean: false }) as Options,
  {
    entry: { worker: "src/kit/main.ts", thread: "src/kit/thread.ts" },
    format: "esm",
    target: "node20",
    platform: "node",
    noExternal: [/./],
    splitting: false,
    define: { KIT_VERSION: JSON.stringify(version) },
    esbuildOptions(options) {
      options.conditions = ["@cocaine/source"];
    },
  },
]);
