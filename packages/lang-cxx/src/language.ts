import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type AppSpec, createError, type Language, type LanguageContext } from "@cocaine/core/plugin";
import { build } from "./build.ts";
import type { Cache } from "./cache.ts";
import { type Code, codeError, findCode } from "./code.ts";
import { openProject } from "./project.ts";
import type { Form } from "./shared.ts";
import { openSource } from "./source.ts";
import { createToolbox } from "./toolbox.ts";

/** What a worker thread loads, found alike from the sources and from the built package. */
const MODULE = new URL("../dist/thread.js", import.meta.url);

export interface CxxLanguageParts {
  readonly cache: Cache;
  readonly compiler: string;
  readonly path: string;
  /** Seconds. */
  readonly buildTimeout: number;
}

export function createCxxLanguage(parts: CxxLanguageParts, { log, signal }: LanguageContext): Language {
  const { cache, compiler, path, buildTimeout } = parts;
  return {
    async launch(app) {
      const code = await findCode(app.code);
      const common = {
        cwd: code.kind === "project" ? code.path : dirname(code.path),
        env: app.env,
        // Code that may be called by several threads at once says so in its manifest.
        concurrency: 1,
      };
      if (app.launches !== "module") {
        if (code.kind === "library") throw codeError(code.path, 'it is for threads: set engine.backend to "thread"');
        const command = code.kind === "program" ? code.path : await obtain(code, "program");
        return { kind: "command", command, args: [], ...common };
      }
      if (code.kind === "program") {
        throw codeError(code.path, "a program cannot run in a thread: name its source, its folder or a shared library");
      }
      requireNoEnvironment(app);
      const library = code.kind === "library" ? code.path : await obtain(code, "library");
      return { kind: "module", module: fileURLToPath(MODULE), args: [library], ...common };
    },
  };

  async function obtain(code: Code, form: Form): Promise<string> {
    const tools = createToolbox({ path, compiler, timeout: buildTimeout, code: code.path, signal });
    const open = code.kind === "source" ? openSource : openProject;
    return build(await open(code.path, tools, form), cache, log);
  }
}

/** getenv() of native code gives the variables of the process, whatever the thread has. */
function requireNoEnvironment({ name, env }: AppSpec): void {
  const [first] = Object.keys(env);
  if (first === undefined) return;
  throw createError(
    "COC_LANGUAGE_BACKEND",
    `C++ in a thread has the environment of the server, so env.${first} of app "${name}" would not reach it: ` +
      'leave env out, or set engine.backend to "process"',
  );
}
