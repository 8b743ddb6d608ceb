import { mkdir, stat } from "node:fs/promises";
import { createError, messageOf } from "@cocaine/core/plugin";

/**
 * Makes a folder in which only this user sees and makes files, or checks that it is one. Others may pass through it, as
 * workers of other users do. A folder that is there is never changed: it could be one that others need.
 *
 * @throws `COC_ADMIN_FOLDER` if others can read or write it, or it cannot be made.
 */
export async function ownFolder(path: string): Promise<void> {
  const stats = await mkdir(path, { recursive: true, mode: 0o711 })
    .then(() => stat(path))
    .catch((error: unknown) => {
      throw refused(path, `cannot be made: ${messageOf(error)}`, error);
    });
  if (!stats.isDirectory()) throw refused(path, "is not a folder");
  if (stats.uid !== process.getuid?.()) throw refused(path, `belongs to another user (uid ${stats.uid})`);
  const mode = stats.mode & 0o777;
  if ((mode & 0o066) !== 0) throw refused(path, `is open to others (its mode is 0${mode.toString(8)}, more than 0711)`);
}

function refused(path: string, why: string, cause?: unknown): Error {
  const message = `the runtime folder ${path} ${why}: choose another one, or make it your own with mode 0711 or 0700`;
  return createError("COC_ADMIN_FOLDER", message, { cause });
}
