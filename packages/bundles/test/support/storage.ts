import { createHash } from "node:crypto";
import { type Bundle, createBundleStore, uploadBundle } from "@cocaine/bundles";
import { memoryStorage, type Storage } from "@cocaine/core";

/** Any bytes as a bundle: what somebody might send who does not pack a folder. */
export function bundleOf(archive: Uint8Array): Bundle {
  return {
    sha256: createHash("sha256").update(archive).digest("hex"),
    size: archive.length,
    paths: new Set(),
    async *read() {
      yield archive;
    },
  };
}

/** A storage that has a bundle. */
export async function storageWith(bundle: Bundle, storage: Storage = memoryStorage()): Promise<Storage> {
  await uploadBundle(bundle, createBundleStore({ storage }));
  return storage;
}
