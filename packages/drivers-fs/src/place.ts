import { randomBytes } from "node:crypto";
import { link, lstat, readlink, rename, symlink } from "node:fs/promises";
import { makeFolder } from "./make-folder.ts";
import { joinKey, type PathKey, rawOf, wrapName } from "./raw-path.ts";

/** Where a file has got a second name, or, where the file system knows no such thing, its new one. */
export interface Place {
  readonly path: PathKey;
  /** It has its old name still. */
  readonly both: boolean;
}

/** Failures where the file system, or a rule about the files of others, has no second names. */
const NO_LINKS: readonly (string | undefined)[] = ["EPERM", "ENOTSUP", "ENOSYS", "EMLINK", "EOPNOTSUPP"];

/** Gives a file a name in `folder`, which is made: `name`, or one made of it that is free. Never takes one away. */
export async function place(file: PathKey, folder: PathKey, name: PathKey, isLink: boolean): Promise<Place> {
  for (let suffix = ""; ; suffix = `.${Date.now()}-${randomBytes(3).toString("hex")}`) {
    const path = joinKey(folder, wrapName("", name, suffix));
    try {
      return await placeAt(file, path, isLink);
    } catch (error) {
      if (codeOf(error) === "ENOENT" && (await lstat(rawOf(file)).catch(() => undefined))) {
        await makeFolder(rawOf(folder));
        return place(file, folder, name, isLink);
      }
      if (codeOf(error) !== "EEXIST") throw error;
    }
    // Whoever was killed in between has left both names.
    if (await isOne(file, path)) return { path, both: true };
  }
}

/** The same under one name. @throws `EEXIST` where that is taken */
export async function placeAt(file: PathKey, path: PathKey, isLink: boolean): Promise<Place> {
  if (isLink) {
    await symlink(await readlink(rawOf(file), "buffer"), rawOf(path));
    return { path, both: true };
  }
  try {
    await link(rawOf(file), rawOf(path));
    return { path, both: true };
  } catch (error) {
    if (!NO_LINKS.includes(codeOf(error))) throw error;
  }
  const taken = await lstat(rawOf(path)).catch(() => undefined);
  if (taken !== undefined) throw Object.assign(new Error(`${path} is taken`), { code: "EEXIST" });
  await rename(rawOf(file), rawOf(path));
  return { path, both: false };
}

async function isOne(file: PathKey, other: PathKey): Promise<boolean> {
  const [own, found] = await Promise.all([file, other].map((key) => lstat(rawOf(key), { bigint: true })));
  return own?.dev === found?.dev && own?.ino === found?.ino;
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
