import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { createError } from "@cocaine/core/plugin";

const EXTENSIONS: readonly string[] = [".pl", ".pm", ".psgi"];

/**
 * Checks that an app's code is a file of Perl.
 *
 * @throws `COC_LANGUAGE_CODE`
 */
export async function requireCode(code: string): Promise<void> {
  const stats = await stat(code).catch(() => undefined);
  if (stats === undefined) throw codeError(code, "there is no such file: correct the manifest's args");
  if (stats.isDirectory()) throw codeError(code, "it is a folder: name a file in it");
  if (!EXTENSIONS.includes(extname(code))) {
    throw codeError(code, `the file is not named *${EXTENSIONS.join(", *")}: name a Perl script, module or PSGI file`);
  }
}

function codeError(code: string, why: string) {
  return createError("COC_LANGUAGE_CODE", `The code ${code} cannot be run: ${why}`);
}
