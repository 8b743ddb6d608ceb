import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { createError } from "@cocaine/core/plugin";

/** Where programs are looked up when the manifest's `env` has no PATH: that of a clean environment. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Checks that the worker will find its interpreter. It is not run: its version is checked by the kit.
 *
 * @throws `COC_LANGUAGE_INTERPRETER`
 */
export async function requireInterpreter(interpreter: string, path = DEFAULT_PATH): Promise<void> {
  const candidates = isAbsolute(interpreter)
    ? [interpreter]
    : path.split(delimiter).map((folder) => join(folder, interpreter));
  for (const candidate of candidates) if (await isExecutable(candidate)) return;
  const where = isAbsolute(interpreter) ? "" : ` in ${path}`;
  throw createError(
    "COC_LANGUAGE_INTERPRETER",
    `There is no Perl interpreter ${interpreter}${where}: install the Debian package perl (Perl 5.26 or later), ` +
      "or set PATH in the manifest's env",
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
