/**
 * Finds the folder with the files of a code bundle, which a manifest names by `args: storage://<sha256>/…`. The host is
 * given one; core itself knows no bundles.
 *
 * @param sha256 - of the bundle, in hexadecimal.
 * @param signal - aborted when the host closes.
 * @returns the absolute path of the folder. It stays as long as an app that runs is of it.
 */
export type OpenCode = (sha256: string, signal: AbortSignal) => Promise<string>;
