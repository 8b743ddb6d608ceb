import { createError, messageOf } from "@cocaine/core/plugin";

/** Something in a folder that no bundle can have. */
export function badFile(path: string, fault: string, cause?: unknown): Error {
  const remedy = "mend it, or leave it out in .cocaineignore";
  return createError("COC_BUNDLE_FILE", `${path} cannot be bundled: ${fault}; ${remedy}`, { cause });
}

/** A file or folder that cannot be read, or is gone since it was found. */
export function unreadable(path: string, cause: unknown): Error {
  return badFile(path, `it cannot be read (${messageOf(cause)})`, cause);
}

/** A bundle, or what would be one, that has more than it may. */
export function tooLarge(what: string, remedy: string): Error {
  return createError("COC_BUNDLE_SIZE", `${what}: ${remedy}`);
}

/** An archive that is not unpacked. */
export function refused(fault: string, cause?: unknown): Error {
  const message = `the bundle is not unpacked: ${fault}; pack the folder with \`cocaine deploy --bundle\``;
  return createError("COC_BUNDLE_ARCHIVE", message, { cause });
}

/** An entry of an archive that is not unpacked. */
export function refusedEntry(path: string, fault: string): Error {
  return refused(`its entry ${JSON.stringify(path.slice(0, 200))} is refused, ${fault}`);
}

export function unknownBundle(sha256: string): Error {
  const message = `the storage has no bundle ${sha256}: deploy the app with its folder again, \`cocaine deploy app.yaml --bundle folder\``;
  return createError("COC_BUNDLE_UNKNOWN", message);
}

/** What is stored is not what its name says. */
export function damaged(sha256: string, fault: string): Error {
  const message = `the bundle ${sha256} is damaged in the storage (${fault}): deploy the app with its folder again`;
  return createError("COC_BUNDLE_DAMAGED", message);
}

/** A request of an upload that is none. */
export function badUpload(sha256: string, fault: string): Error {
  return createError("COC_BUNDLE_UPLOAD", `the upload of the bundle ${sha256} cannot go on: ${fault}`);
}

export function badCache(folder: string, fault: string, cause?: unknown): Error {
  const message = `the folder ${folder} cannot hold bundles: ${fault}; correct it, or name another as the cache`;
  return createError("COC_BUNDLE_CACHE", message, { cause });
}
