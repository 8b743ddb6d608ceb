import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Language } from "@cocaine/core/plugin";
import { findCode } from "./code.ts";
import { findInterpreter } from "./interpreter.ts";

/** The kit's program, found alike from the sources and from the built package. */
const KIT = new URL("../python/cocaine_worker/__main__.py", import.meta.url);

/** Requests of an ASGI application that a worker runs at once where the manifest does not say. */
const ASGI_CONCURRENCY = 64;

export function createPythonLanguage(interpreter: string, venv: string | undefined): Language {
  return {
    async launch(app) {
      const file = await findCode(app.code);
      const { command, env } = await findInterpreter(interpreter, venv, app.env);
      return {
        kind: "command",
        command,
        args: [fileURLToPath(KIT), app.type, file],
        cwd: dirname(file),
        env,
        concurrency: app.type === "python+asgi" ? ASGI_CONCURRENCY : 1,
      };
    },
  };
}
