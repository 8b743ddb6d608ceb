import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { MANIFEST_ENDINGS } from "../manifest-file.ts";

/** A manifest file of a folder. */
interface Entry {
  readonly file: string;
  /** Changes whenever the file is written, touched or exchanged. */
  readonly mark: string;
}

/** What a folder holds. */
export interface Contents {
  /** Manifest files by the name of their app. */
  readonly apps: ReadonlyMap<string, Entry>;
  /** Files whose app another file names already, with that file. */
  readonly doubles: readonly { readonly file: string; readonly first: string }[];
}

/** Reads which manifests a folder holds. Hidden files are left alone, as are those that go while it is read. */
export async function readFolder(folder: string): Promise<Contents> {
  const apps = new Map<string, Entry>();
  const doubles: { file: string; first: string }[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const ending = extname(name);
    if (name.startsWith(".") || !MANIFEST_ENDINGS.includes(ending)) continue;
    const file = join(folder, name);
    const mark = await markOf(file);
    if (mark === undefined) continue;
    const app = basename(name, ending);
    const first = apps.get(app);
    if (first === undefined) apps.set(app, { file, mark });
    else doubles.push({ file, first: first.file });
  }
  return { apps, doubles };
}

async function markOf(file: string): Promise<string | undefined> {
  try {
    const stats = await stat(file);
    return stats.isFile() ? `${await realpath(file)} ${stats.ino} ${stats.size} ${stats.mtimeMs}` : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
