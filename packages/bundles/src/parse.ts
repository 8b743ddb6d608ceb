import { isCocaineError, messageOf } from "@cocaine/core/plugin";
import { Parser, type ReadEntry } from "tar";
import type { Entry } from "./entries.ts";
import { refused, refusedEntry, tooLarge } from "./errors.ts";
import { type BundleLimits, sizeText } from "./limits.ts";
import { createParts } from "./parts.ts";
import { createPaths } from "./paths.ts";

/** What an archive says, in its order: an entry, then the bytes of its file. */
export type Step = { readonly entry: Entry } | { readonly bytes: Uint8Array };

/** Longest header of an entry with a long path, in bytes. */
const META_LIMIT = 16 * 1024;

/**
 * Reads an archive that may come from anywhere. An entry is told before anything of it is, and what is refused is told
 * by nothing but the error.
 *
 * @throws `COC_BUNDLE_ARCHIVE`, `COC_BUNDLE_SIZE`
 */
export async function* parseArchive(archive: AsyncIterable<Uint8Array>, limits: BundleLimits): AsyncGenerator<Step> {
  const check = createCheck(limits);
  const parts = createParts(META_LIMIT);
  let steps: Step[] = [];
  let fault: unknown;
  const attempt = (work: () => void) => {
    try {
      if (fault === undefined) work();
    } catch (error) {
      fault ??= isCocaineError(error) ? error : broken(error);
    }
  };

  const parser = new Parser({ strict: true, brotli: false, zstd: false, maxMetaEntrySize: META_LIMIT });
  parser.on("entry", (entry: ReadEntry) => {
    parts.follow(entry.startBlockSize);
    attempt(() => {
      const checked = check(entry);
      if (checked !== undefined) steps.push({ entry: checked });
    });
    entry.on("data", (bytes) => steps.push({ bytes }));
  });
  parser.on("ignoredEntry", (entry: ReadEntry) => attempt(() => refuseType(entry)));
  parser.on("error", (error: unknown) => {
    fault ??= broken(error);
  });

  let begun = false;
  for await (const chunk of archive) {
    if (!begun && isCompressed(chunk)) throw refused("it is compressed");
    begun = true;
    // The parser tells all of a chunk at once, so that no more than a chunk is ever waiting here.
    attempt(() => {
      parts.add(chunk);
      for (let part = parts.next(); part !== undefined && fault === undefined; part = parts.next()) parser.write(part);
    });
    if (fault !== undefined) throw fault;
    yield* steps;
    steps = [];
  }
  attempt(() => {
    parser.write(parts.rest());
    parser.end();
  });
  if (fault !== undefined) throw fault;
  yield* steps;
}

/** Makes the rules for the entries of one archive; `undefined` is the bundle's own folder. */
function createCheck(limits: BundleLimits): (entry: ReadEntry) => Entry | undefined {
  const paths = createPaths(limits);
  let bytes = 0;

  return (entry) => {
    const { type, mode = 0, linkpath = "", size } = entry;
    const path = entry.path.replace(/^(\.\/+)+/, "").replace(/\/+$/, "");
    const kind = kindOf(entry);
    if (kind === "folder" && (path === "" || path === ".")) return undefined;
    const fault = paths.add(entry.path.startsWith("/") ? entry.path : path, kind === "folder");
    if (fault !== undefined) throw refusedEntry(entry.path, fault);
    if ((mode & 0o7000) !== 0) throw refusedEntry(entry.path, "it has setuid, setgid or sticky bits");
    if (!Number.isSafeInteger(size)) throw refusedEntry(entry.path, `its size is ${size} bytes`);
    if (kind !== "file" && size > 0) throw refusedEntry(entry.path, `a ${type} has no content`);
    if (kind === "link") checkTarget(entry.path, linkpath, limits);
    if (paths.size > limits.entries) throw tooLarge(`the bundle has more than ${limits.entries} entries`, LESS);
    bytes += size;
    if (bytes > limits.bytes)
      throw tooLarge(`with ${path} the bundle has ${sizeText(bytes)}, and may have ${sizeText(limits.bytes)}`, LESS);
    return { type: kind, path, size, executable: (mode & 0o100) !== 0, target: linkpath };
  };
}

const LESS = "leave out in .cocaineignore what the code does not need";

function kindOf(entry: ReadEntry): Entry["type"] {
  if (entry.type === "File" || entry.type === "OldFile") return "file";
  if (entry.type === "Directory") return "folder";
  return entry.type === "SymbolicLink" ? "link" : refuseType(entry);
}

/** Where a link ends is known when all is unpacked. */
function checkTarget(path: string, target: string, { path: limit }: BundleLimits): void {
  if (target.startsWith("/")) throw refusedEntry(path, `it links to the absolute path ${target}`);
  if (/\p{Cc}|\uFFFD/u.test(target)) throw refusedEntry(path, "what it links to has control characters");
  if (Buffer.byteLength(target) > limit) throw refusedEntry(path, `what it links to is longer than ${limit} bytes`);
}

function refuseType({ path, type, meta }: ReadEntry): never {
  if (meta) throw refusedEntry(path, `its header is longer than ${META_LIMIT} bytes`);
  if (type === "Link") throw refusedEntry(path, "it is a hard link");
  throw refusedEntry(path, `it is no file, folder or symbolic link (${type})`);
}

function broken(cause: unknown): Error {
  return refused(`it is no tar archive, or a broken one (${messageOf(cause)})`, cause);
}

/** The parser would unpack it, as gzip (RFC 1952) or Zstandard (RFC 8878). */
function isCompressed(chunk: Uint8Array): boolean {
  return [
    [0x1f, 0x8b],
    [0x28, 0xb5, 0x2f, 0xfd],
  ].some((magic) => magic.every((byte, at) => chunk[at] === byte));
}
