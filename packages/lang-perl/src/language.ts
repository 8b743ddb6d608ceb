import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Language } from "@cocaine/core/plugin";
import { requireCode } from "./code.ts";
import { requireInterpreter } from "./interpreter.ts";

/** The kit's program, found alike from the sources and from the built package. */
const KIT = new URL("../perl/bin/cocaine-worker", import.meta.url);

export function createPerlLanguage(interpreter: string): Language {
  return {
    async launch(app) {
      await requireCode(app.code);
      await requireInterpreter(interpreter, app.env.PATH);
      return {
        kind: "command",
        command: interpreter,
        args: [fileURLToPath(KIT), app.type, app.code],
        cwd: dirname(app.code),
        env: app.env,
        // A worker runs one job at a time: the pool has as many workers as run at once.
        concurrency: 1,
      };
    },
  };
}
