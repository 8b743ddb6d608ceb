import { defineConfig, type Options } from "tsup";
import { library } from "../../tsup.base.ts";

/** The library, and what a worker thread loads: one file, which is named by its path. */
export default defineConfig([
  // The two builds run side by side: none may clean what the other has built.
  library({ clean: false }) as Options,
  {
    entry: { thread: "src/thread/main.ts" },
    format: "esm",
    target: "node20",
    platform: "node",
    noExternal: ["@cocaine/core"],
    splitting: false,
    esbuildOptions(options) {
      options.conditions = ["@cocaine/source"];
    },
  },
]);
