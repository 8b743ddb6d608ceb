// Paths as the system has them: bytes, which need not be UTF-8. In memory they are strings of one character a byte
// ("keys"), which can be keys of a map, and sort as the bytes do.

/** A path with one character a byte. */
export type PathKey = string;

export const keyOf = (path: Uint8Array): PathKey => Buffer.from(path).toString("latin1");
export const rawOf = (key: PathKey): Buffer => Buffer.from(key, "latin1");

/** As text; bytes that are not UTF-8 become U+FFFD. */
export const textOf = (key: PathKey): string => rawOf(key).toString();

/** Of an absolute path in a manifest, without slashes at its end. */
export const keyOfText = (path: string): PathKey => keyOf(Buffer.from(path.replace(/(?<=.)\/+$/, "")));

export const joinKey = (folder: PathKey, name: PathKey): PathKey => `${folder === "/" ? "" : folder}/${name}`;
export const folderOf = (key: PathKey): PathKey => key.slice(0, key.lastIndexOf("/")) || "/";
export const nameOf = (key: PathKey): PathKey => key.slice(key.lastIndexOf("/") + 1);

/** Bytes of a name that every file system takes. */
const LONGEST_NAME = 255;

/** A name with something before and after it, cut to what a file system takes. */
export const wrapName = (before: string, name: PathKey, after: string): PathKey =>
  before + name.slice(0, LONGEST_NAME - before.length - after.length) + after;
