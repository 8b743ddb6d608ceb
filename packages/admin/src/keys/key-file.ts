import { mkdir, open, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createError, messageOf } from "@cocaine/core/plugin";
import { type PrivateJwk, parsePrivateKey } from "./jwk.ts";

/**
 * Reads a key pair that only this user may read.
 *
 * @throws `COC_ADMIN_KEY_FILE` if it cannot be read, others may read it, or it holds no key.
 */
export async function readKeyFile(file: string): Promise<PrivateJwk> {
  let text: string;
  let mode: number;
  try {
    ({ mode } = await stat(file));
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw refused(file, `cannot be read (${messageOf(cause)}): make one with \`cocaine keys generate\``, cause);
  }
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, "0");
    throw refused(file, `can be read or changed by others (its mode is ${octal}): chmod 600 ${file}`);
  }
  try {
    return parsePrivateKey(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "that is no JSON" : messageOf(cause);
    throw refused(file, `holds no key (${why})`, cause);
  }
}

/**
 * Writes a key pair to a new file of mode 0600; a folder that is missing is made with mode 0700.
 *
 * @throws `COC_ADMIN_KEY_FILE` if it is there already, or cannot be written.
 */
export async function writeKeyFile(file: string, key: PrivateJwk): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(key, undefined, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const there = (cause as NodeJS.ErrnoException).code === "EEXIST";
    const why = there
      ? "is there already, and is not overwritten: choose another"
      : `cannot be written: ${messageOf(cause)}`;
    throw refused(file, why, cause);
  }
}

function refused(file: string, why: string, cause?: unknown): Error {
  return createError("COC_ADMIN_KEY_FILE", `the key file ${file} ${why}`, { cause });
}
