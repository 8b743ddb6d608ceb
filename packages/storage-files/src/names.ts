import { createHash } from "node:crypto";
import { badName } from "./errors.ts";

// Names of files end at 255 bytes on the usual file systems; what is longer is named by its hash. The key itself is in
// the file.
const LONGEST = 200;

/**
 * File name of a document: readable where it can be, never hidden, never a path.
 *
 * @throws `COC_STORAGE_NAME`
 */
export function fileName(key: string): string {
  if (key.length < 1 || key.length > 200) throw badName("key", key, "1 to 200 characters");
  if (/\p{Surrogate}/u.test(key)) throw badName("key", key, "whole Unicode characters, no half of a surrogate pair");
  const encoded = encodeURIComponent(key).replace(
    /[!'()*~.]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (encoded.length <= LONGEST) return `${encoded.replaceAll("%2E", ".").replace(/^\./, "%2E")}.json`;
  return `~${createHash("sha256").update(key).digest("hex")}.json`;
}

/** Whether a file is a document, and not a leftover, a corrupt one or a stranger's. */
export function isDocumentName(name: string): boolean {
  return name.endsWith(".json") && !name.startsWith(".");
}

/** Whether a file is what a write left that was killed in the middle. */
export function isLeftoverName(name: string): boolean {
  return /\.json\.\d+$/.test(name);
}
