import { createHash } from "node:crypto";
import { createError } from "@cocaine/core/plugin";
import { archiveSize, readArchive } from "./archive.ts";
import { type Entry, findEntries } from "./entries.ts";
import { tooLarge } from "./errors.ts";
import { type BundleLimits, limitsOf, sizeText } from "./limits.ts";

/** A folder of code as one archive. */
export interface Bundle {
  /** Of the archive, in hexadecimal: the same for the same code, whatever its owner and times. */
  readonly sha256: string;
  /** Bytes of the archive. */
  readonly size: number;
  /** Its files, folders and links, relative to the folder. */
  readonly paths: ReadonlySet<string>;
  /** The archive, read from the folder anew. Throws `COC_BUNDLE_FILE` or `COC_BUNDLE_FOLDER` where that has changed. */
  read(): AsyncIterable<Uint8Array>;
}

/**
 * Packs a folder, but for what its `.cocaineignore` leaves out. Nothing is written: the archive is read as it is needed.
 *
 * @param folder - its path.
 * @throws `COC_BUNDLE_FOLDER` for a folder that cannot be read, `COC_BUNDLE_FILE` for something in it that no bundle
 * can have, `COC_BUNDLE_SIZE` where it is too much.
 */
export async function packBundle(folder: string, limits?: Partial<BundleLimits>): Promise<Bundle> {
  const { bytes, ...rest } = limitsOf(limits);
  const entries = await findEntries(folder, { bytes, ...rest });
  const size = archiveSize(entries);
  if (size > bytes) throw tooLargeFolder(folder, size, bytes, entries);

  const hash = createHash("sha256");
  for await (const chunk of readArchive(folder, entries)) hash.update(chunk);
  const sha256 = hash.digest("hex");
  return {
    sha256,
    size,
    paths: new Set(entries.map(({ path }) => path)),
    async *read() {
      const again = createHash("sha256");
      for await (const chunk of readArchive(folder, entries)) {
        again.update(chunk);
        yield chunk;
      }
      if (again.digest("hex") === sha256) return;
      throw createError("COC_BUNDLE_FOLDER", `the folder ${folder} changed while it was packed: try again`);
    },
  };
}

function tooLargeFolder(folder: string, size: number, limit: number, entries: readonly Entry[]): Error {
  const largest = [...entries].sort((one, other) => other.size - one.size).slice(0, 3);
  const files = largest.map(({ path, size: own }) => `${path} has ${sizeText(own)}`).join(", ");
  const what = `the bundle of ${folder} would have ${sizeText(size)}, and may have ${sizeText(limit)}`;
  return tooLarge(what, `leave out in .cocaineignore what the code does not need (${files})`);
}
