import { defineLanguage, z } from "@cocaine/core/plugin";
import { createPerlLanguage } from "./language.ts";

/** How workers are run. */
export interface PerlLanguagesOptions {
  /**
   * Perl 5.26 or later: an absolute path, or a name that is looked up in the PATH of the worker, which a manifest's
   * `env` may set.
   *
   * @defaultValue `"perl"`
   */
  readonly interpreter?: string;
}

/** What the manifest's `type` may say; the kit's own names as well. */
const NAMES = ["perl", "perl+json", "perl+psgi"] as const;

/**
 * Makes the languages `perl` (subs on bytes), `perl+json` (subs on JSON values) and `perl+psgi` (a PSGI application
 * for web tasks, and subs for others).
 *
 * `launch()` rejects with `COC_LANGUAGE_CODE` where the code is missing or not Perl, and with
 * `COC_LANGUAGE_INTERPRETER` where the interpreter is missing.
 */
export function perlLanguages(options: PerlLanguagesOptions = {}) {
  const { interpreter = "perl" } = options;
  return NAMES.map((name) =>
    defineLanguage({
      name,
      options: z.strictObject({}),
      create: () => createPerlLanguage(interpreter),
    }),
  );
}
