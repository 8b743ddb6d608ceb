/** Names the program of an entry of the cache; its time is that of the last use. */
export const ENTRY = "entry.json";
/** Folders of the cache that begin with it are being built, by the process whose number follows. */
export const BUILDING = "building-";
