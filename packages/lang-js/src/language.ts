import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Language } from "@cocaine/core/plugin";
import { findCode } from "./code.ts";

/** Jobs that one worker runs at once where the manifest does not say: most of them wait for something. */
const CONCURRENCY = 256;
/** The kit is one file for each backend, found alike from the sources and from the built package. */
const PROGRAM = new URL("../dist/worker.js", import.meta.url);
const MODULE = new URL("../dist/thread.js", import.meta.url);

export function createJsLanguage(node: string, execArgv: readonly string[]): Language {
  return {
    async launch({ code, env, launches, type }) {
      const file = await findCode(code);
      const common = { cwd: dirname(file), env, concurrency: CONCURRENCY };
      if (launches === "module") {
        return { kind: "module", module: fileURLToPath(MODULE), args: [type, file], ...common };
      }
      return { kind: "command", command: node, args: [...execArgv, fileURLToPath(PROGRAM), type, file], ...common };
    },
  };
}
