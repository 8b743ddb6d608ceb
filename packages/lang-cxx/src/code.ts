import { access, constants, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { createError } from "@cocaine/core/plugin";

/** What an app's code is. */
export interface Code {
  /** A program or shared library that is taken as it is, a source file, or a folder with a `CMakeLists.txt`. */
  readonly kind: "program" | "library" | "source" | "project";
  readonly path: string;
}

const SOURCES = [".cpp", ".cc", ".cxx"];

/** @throws `COC_LANGUAGE_CODE` */
export async function findCode(path: string): Promise<Code> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) throw codeError(path, "there is no such file or folder: correct the manifest's args");
  if (stats.isDirectory()) {
    if (await can(join(path, "CMakeLists.txt"), constants.R_OK)) return { kind: "project", path };
    throw codeError(path, "the folder has no CMakeLists.txt: add one, or name a source file or a program in it");
  }
  if (SOURCES.includes(extname(path))) return { kind: "source", path };
  if (extname(path) === ".so") return { kind: "library", path };
  if (stats.isFile() && (await can(path, constants.X_OK))) return { kind: "program", path };
  throw codeError(
    path,
    `the file is no program (mode +x), no source (${SOURCES.join(", ")}) and no shared library (.so)`,
  );
}

async function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

export function codeError(code: string, why: string) {
  return createError("COC_LANGUAGE_CODE", `The code ${code} cannot be run: ${why}`);
}
