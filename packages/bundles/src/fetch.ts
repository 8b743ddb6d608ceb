import { open } from "node:fs/promises";
import { damaged, tooLarge } from "./errors.ts";
import { type BundleLimits, sizeText } from "./limits.ts";
import type { BundleStore } from "./store.ts";

/**
 * Writes a bundle's archive into a file.
 *
 * @param size - bytes that it has, as the storage says; no more are written.
 * @throws `COC_BUNDLE_SIZE`, and `COC_BUNDLE_DAMAGED` where the whole is not of the hash.
 */
export async function fetchArchive(
  store: BundleStore,
  sha256: string,
  size: number,
  path: string,
  { bytes }: BundleLimits,
): Promise<void> {
  if (size > bytes) {
    const what = `the bundle ${sha256} has ${sizeText(size)}, and this node takes ${sizeText(bytes)}`;
    throw tooLarge(what, "leave out in .cocaineignore what the code does not need");
  }
  const file = await open(path, "wx");
  try {
    let left = size;
    for await (const piece of store.read(sha256)) {
      left -= piece.length;
      if (left < 0) throw damaged(sha256, `it has more than the ${size} bytes that it should`);
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
}
