import { dirname } from "node:path";
import type { Language, LanguageContext } from "@cocaine/core/plugin";
import { type Built, build } from "./build.ts";
import type { Cache } from "./cache.ts";
import { type Code, findCode } from "./code.ts";
import { openProject } from "./project.ts";
import { openSource } from "./source.ts";
import { createToolbox } from "./toolbox.ts";

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
      return {
        kind: "command",
        command: code.kind === "program" ? code.path : await programOf(code),
        args: [],
        cwd: code.kind === "project" ? code.path : dirname(code.path),
        env: app.env,
        // Code that may be called by several threads at once says so in its manifest.
        concurrency: 1,
      };
    },
  };

  async function programOf(code: Code): Promise<string> {
    const tools = createToolbox({ path, compiler, timeout: buildTimeout, code: code.path, signal });
    const built: Built =
      code.kind === "source" ? await openSource(code.path, tools) : await openProject(code.path, tools);
    return build(built, cache, log);
  }
}
