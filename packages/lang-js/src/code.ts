import { readFile, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { createError, messageOf } from "@cocaine/core/plugin";

const EXTENSIONS = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

/**
 * Finds the module of an app: the file itself, or a folder's `main` of its package.json, or its index.js.
 *
 * @throws `COC_LANGUAGE_CODE`
 */
export async function findCode(code: string): Promise<string> {
  const kind = await kindOf(code);
  if (kind === "none") throw codeError(code, "there is no such file or folder: correct the manifest's args");
  if (kind === "file") return checked(code, code);
  const file = resolve(code, (await mainOf(code)) ?? "index.js");
  for (const candidate of [file, `${file}.js`, join(file, "index.js")]) {
    if ((await kindOf(candidate)) === "file") return checked(code, candidate);
  }
  throw codeError(code, `the folder has no ${file}: name the module in "main" of its package.json, or add an index.js`);
}

function checked(code: string, file: string): string {
  if (EXTENSIONS.includes(extname(file))) return file;
  throw codeError(code, `${file} is not JavaScript: the languages js and js+fetch run ${EXTENSIONS.join(", ")}`);
}

/** The `main` of a folder's package.json; `undefined` without one. */
async function mainOf(folder: string): Promise<string | undefined> {
  const path = join(folder, "package.json");
  if ((await kindOf(path)) === "none") return undefined;
  try {
    const description: unknown = JSON.parse(await readFile(path, "utf8"));
    const main = typeof description === "object" && description !== null && "main" in description && description.main;
    return typeof main === "string" ? main : undefined;
  } catch (cause) {
    throw codeError(folder, `${path} cannot be read (${messageOf(cause)}): correct it`, cause);
  }
}

async function kindOf(path: string): Promise<"file" | "folder" | "none"> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return "none";
  return stats.isDirectory() ? "folder" : "file";
}

function codeError(code: string, why: string, cause?: unknown) {
  return createError("COC_LANGUAGE_CODE", `The code ${code} cannot be run: ${why}`, { cause });
}
