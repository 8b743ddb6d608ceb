import { defineConfig, type Options } from "tsup";

/**
 * The build of every library: ESM for Node 20 with declarations and source maps, workspace packages left external.
 *
 * @param options - what one package adds, such as a second entry.
 */
export function library(options: Options = {}) {
  return defineConfig({
    entry: { index: "src/index.ts" },
    format: "esm",
    target: "node20",
    dts: true,
    sourcemap: true,
    clean: true,
    splitting: true,
    ...options,
  });
}
