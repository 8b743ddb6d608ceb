import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { createError } from "@cocaine/core/plugin";

/**
 * Finds the file of an app: a module, or the `__init__.py` of a package, given itself or by its folder.
 *
 * @throws `COC_LANGUAGE_CODE`
 */
export async function findCode(code: string): Promise<string> {
  const kind = await kindOf(code);
  if (kind === "none") throw codeError(code, "there is no such file or folder: correct the manifest's args");
  if (kind === "file") {
    if (extname(code) === ".py") return code;
    throw codeError(code, "the file is not named *.py: name a Python module, or the folder of a package");
  }
  const file = join(code, "__init__.py");
  if ((await kindOf(file)) === "file") return file;
  throw codeError(code, "the folder has no __init__.py: add one, or name a module in it");
}

async function kindOf(path: string): Promise<"file" | "folder" | "none"> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return "none";
  return stats.isDirectory() ? "folder" : "file";
}

function codeError(code: string, why: string) {
  return createError("COC_LANGUAGE_CODE", `The code ${code} cannot be run: ${why}`);
}
