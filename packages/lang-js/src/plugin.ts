import { defineLanguage, z } from "@cocaine/core/plugin";
import { createJsLanguage } from "./language.ts";

/** How workers are run. */
export interface JsLanguageOptions {
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
 * Makes the language `js`: an app is a JavaScript module whose exported functions are its methods.
 *
 * `launch()` rejects with `COC_LANGUAGE_CODE` where the code is missing or not JavaScript.
 */
export function jsLanguage(options: JsLanguageOptions = {}) {
  const { node = process.execPath, execArgv = [] } = options;
  return defineLanguage({
    name: "js",
    options: z.strictObject({}),
    create: () => createJsLanguage(node, execArgv),
  });
}
