import { defineLanguage, z } from "@cocaine/core/plugin";
import { createJsLanguage } from "./language.ts";

/** How workers are run. */
export interface JsLanguagesOptions {
  /**
   * Program that runs the workers: Node.js 20.19 or later.
   *
   * @defaultValue the one that runs this process, `process.execPath`
   */
  readonly node?: string;
  /**
   * Options of that program, for example `["--max-old-space-size=256"]`.
   *
   * @defaultValue none
   */
  readonly execArgv?: readonly string[];
}

/**
 * Makes the languages `js`, whose apps are JavaScript modules with exported functions as methods, and `js+fetch`, where
 * the default export's `fetch(request)` answers web tasks (WinterCG), and functions the others.
 *
 * `launch()` rejects with `COC_LANGUAGE_CODE` where the code is missing or not JavaScript.
 */
export function jsLanguages(options: JsLanguagesOptions = {}) {
  const { node = process.execPath, execArgv = [] } = options;
  const language = (name: string) =>
    defineLanguage({
      name,
      options: z.strictObject({}),
      create: () => createJsLanguage(node, execArgv),
    });
  return [language("js"), language("js+fetch")] as const;
}
