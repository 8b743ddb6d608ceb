import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { createError } from "@cocaine/core/plugin";

/** Where programs are looked up when the manifest's `env` has no PATH: that of a clean environment. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type Env = Readonly<Record<string, string>>;

/** An interpreter, and the environment that goes with it. */
export interface Interpreter {
  readonly command: string;
  readonly env: Env;
}

/**
 * The interpreter of a worker: that of the virtual environment, if there is one, else `interpreter`. It is not run:
 * its version is checked by the kit.
 *
 * @throws `COC_LANGUAGE_INTERPRETER`
 */
export async function findInterpreter(interpreter: string, venv: string | undefined, env: Env): Promise<Interpreter> {
  if (venv !== undefined) return findVenv(venv, env);
  const { PATH = DEFAULT_PATH } = env;
  const candidates = isAbsolute(interpreter)
    ? [interpreter]
    : PATH.split(delimiter).map((folder) => join(folder, interpreter));
  for (const candidate of candidates) if (await isExecutable(candidate)) return { command: interpreter, env };
  const where = isAbsolute(interpreter) ? "" : ` in ${PATH}`;
  throw createError(
    "COC_LANGUAGE_INTERPRETER",
    `There is no Python interpreter ${interpreter}${where}: install the Debian package python3 ` +
      "(Python 3.9 or later), or set PATH in the manifest's env",
  );
}

/** What `activate` of a virtual environment does, so that programs that the app starts are those of it as well. */
async function findVenv(venv: string, env: Env): Promise<Interpreter> {
  const bin = join(venv, "bin");
  const command = join(bin, "python");
  if (await isExecutable(command)) {
    const { PATH = DEFAULT_PATH } = env;
    return { command, env: { ...env, VIRTUAL_ENV: venv, PATH: `${bin}${delimiter}${PATH}` } };
  }
  throw createError(
    "COC_LANGUAGE_INTERPRETER",
    `The virtual environment ${venv} has no bin/python that can be run: make it with \`python3 -m venv ${venv}\` ` +
      "(on Debian of the package python3-venv), or correct venv in the manifest's language",
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
