import { readFile } from "node:fs/promises";
import { join } from "node:path";
import ignore from "ignore";
import { unreadable } from "./errors.ts";

const FILE = ".cocaineignore";

/** What is no code wherever it lies. A line `!…` of the folder's own file takes it back. */
const ALWAYS = [".git", ".hg", ".svn", ".DS_Store", "__pycache__/", FILE];

/** Reads what a folder's `.cocaineignore` leaves out, in the syntax of gitignore(5). */
export async function readIgnored(folder: string): Promise<(path: string, isFolder: boolean) => boolean> {
  const rules = ignore({ ignorecase: false }).add(ALWAYS);
  try {
    rules.add(await readFile(join(folder, FILE), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(FILE, error);
  }
  return (path, isFolder) => rules.ignores(isFolder ? `${path}/` : path);
}
