import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Language } from "@cocaine/core/plugin";
import { findCode } from "./code.ts";

/** Jobs that one worker runs at once where the manifest does not say: most of them wait for something. */
const CONCURRENCY = 256;
/** The kit is one file, found alike from the sources and from the built package. */
const KIT = new URL("../dist/worker.js", import.meta.url);

export function createJsLanguage(node: string, execArgv: readonly string[]): Language {
  return {
    async launch(app) {
      const file = await findCode(app.code);
      return {
        kind: "command",
        command: node,
        args: [...execArgv, fileURLToPath(KIT), file],
        cwd: dirname(file),
        env: app.env,
        concurrency: CONCURRENCY,
      };
    },
  };
}
