import { defineLanguage, z } from "@cocaine/core/plugin";
import { createPythonLanguage } from "./language.ts";

/** How workers are run. */
export interface PythonLanguagesOptions {
  /**
   * Python 3.9 or later: an absolute path, or a name that is looked up in the PATH of the worker, which a manifest's
   * `env` may set. An app whose manifest names a `venv` runs on the interpreter of that.
   *
   * @defaultValue `"python3"`
   */
  readonly interpreter?: string;
}

/** What a manifest's `language` may say. */
const optionsSchema = z.strictObject({
  /** Folder of the app's virtual environment. */
  venv: z.string().regex(/^\//, "an absolute path").optional(),
});

/** What the manifest's `type` may say; the kit's own names as well. */
const NAMES = ["python", "python+json", "python+wsgi", "python+asgi"] as const;

/**
 * Makes the languages `python` (functions on bytes), `python+json` (functions on JSON values), `python+wsgi` (a
 * WSGI callable for web tasks, PEP 3333, and functions for others) and `python+asgi` (the same with an ASGI callable).
 *
 * `launch()` rejects with `COC_LANGUAGE_CODE` where the code is missing or not Python, and with
 * `COC_LANGUAGE_INTERPRETER` where the interpreter is missing.
 */
export function pythonLanguages(options: PythonLanguagesOptions = {}) {
  const { interpreter = "python3" } = options;
  return NAMES.map((name) =>
    defineLanguage({
      name,
      options: optionsSchema,
      create: ({ venv }) => createPythonLanguage(interpreter, venv),
    }),
  );
}
