import { createHash } from "node:crypto";
import { type Document, isCocaineError, type Storage } from "@cocaine/core/plugin";
import { badUpload, damaged, tooLarge, unknownBundle } from "./errors.ts";
import { HEADS, type Head, headSchema, isUploaded, newHead, PIECES, pieceKey, pieceSchema, pieceSize } from "./head.ts";
import { type BundleLimits, limitsOf, sizeText } from "./limits.ts";
import type { BundleTarget } from "./target.ts";

/** A bundle that the storage has, whole or not. */
export interface StoredBundle {
  readonly sha256: string;
  readonly head: Head;
  readonly revision: string;
}

/** The bundles of a storage. */
export interface BundleStore extends BundleTarget {
  /**
   * Keeps a bundle for a day from now on.
   *
   * @returns bytes of its archive.
   * @throws `COC_BUNDLE_UNKNOWN` if it was never uploaded whole, or was removed.
   */
  keep(sha256: string): Promise<number>;
  /**
   * Its archive; that all of it is of the hash is known at the end. Where it is not, the next deploy sends it again.
   *
   * @throws `COC_BUNDLE_UNKNOWN`, `COC_BUNDLE_DAMAGED`
   */
  read(sha256: string): AsyncIterable<Uint8Array>;
  /** All of them, but for heads that cannot be read, as of another version. */
  list(): AsyncIterable<StoredBundle>;
  /** Removes one, unless somebody has asked for it since it was listed. @returns whether it did */
  remove(bundle: StoredBundle): Promise<boolean>;
}

export interface BundleStoreOptions {
  readonly storage: Storage;
  readonly limits?: Partial<BundleLimits> | undefined;
  /** Milliseconds of the epoch. @defaultValue the system's clock */
  readonly now?: () => number;
}

/** Milliseconds after which a further request for a bundle is written down. */
const FRESH = 3_600_000;
/** Writes of one head beside those of others, before it is given up. */
const ATTEMPTS = 10;

export function createBundleStore({ storage, limits, now = Date.now }: BundleStoreOptions): BundleStore {
  const { bytes } = limitsOf(limits);

  async function find(sha256: string): Promise<StoredBundle | undefined> {
    const document = await storage.get(HEADS, checked(sha256));
    return document === null ? undefined : storedOf(document);
  }

  /** @returns whether the head was still of that revision. */
  async function write({ sha256, head, revision }: Change): Promise<boolean> {
    try {
      await storage.put(HEADS, sha256, head, { ifRevision: revision });
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  async function renew(bundle: StoredBundle): Promise<boolean> {
    if (bundle.head.created > now() - FRESH) return true;
    return write({ ...bundle, head: { ...bundle.head, created: now() } });
  }

  /** Repeats a step until no other writer comes in between. */
  async function settle<T>(sha256: string, step: () => Promise<{ readonly done: T } | undefined>): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const result = await step();
      if (result !== undefined) return result.done;
    }
    throw badUpload(sha256, "others write it all the time; try again");
  }

  async function dropPieces({ sha256, head }: StoredBundle): Promise<void> {
    for (let index = 0; index < head.pieces; index++) await storage.delete(PIECES, pieceKey(sha256, head, index));
  }

  /** Throws at the latest after the last one if they are not of the hash. */
  async function* readPieces(sha256: string, head: Head): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    for (let index = 0; index < head.pieces; index++) {
      const document = await storage.get(PIECES, pieceKey(sha256, head, index));
      if (document === null) throw damaged(sha256, `piece ${index} of ${head.pieces} is missing`);
      const piece = Buffer.from(pieceSchema.safeParse(document.value).data?.data ?? "", "base64");
      if (piece.length !== pieceSize(head, index)) throw damaged(sha256, `piece ${index} has ${piece.length} bytes`);
      hash.update(piece);
      yield piece;
    }
    const actual = hash.digest("hex");
    if (actual !== sha256) throw damaged(sha256, `its hash is ${actual}`);
  }

  async function uploaded(sha256: string): Promise<StoredBundle> {
    const found = await find(sha256);
    if (found === undefined || !isUploaded(found.head)) throw unknownBundle(sha256);
    return found;
  }

  return {
    async begin(sha256, size) {
      if (size > bytes) throw tooLarge(`the bundle ${sha256} has ${sizeText(size)}`, `send ${sizeText(bytes)} at most`);
      return settle(sha256, async () => {
        const found = await find(sha256);
        const { state, size: known } = found?.head ?? {};
        if (found !== undefined && known === size && state !== "removed") {
          return (await renew(found)) ? { done: state === "whole" } : undefined;
        }
        if (state === "whole") throw badUpload(sha256, `it is there already, with ${known} bytes and not ${size}`);
        // Told before they go, and gone before the head is: whoever is cut off, no piece stays that no head tells of.
        if (found !== undefined && state !== "removed") {
          await write({ ...found, head: { ...found.head, state: "removed" } });
          return undefined;
        }
        if (found !== undefined) await dropPieces(found);
        const head = newHead(size, now());
        return (await write({ sha256, head, revision: found?.revision ?? null })) ? { done: false } : undefined;
      });
    },
    async put(sha256, index, piece) {
      const { head } = (await find(sha256)) ?? {};
      if (head?.state === "whole") return;
      if (head === undefined || head.state === "removed")
        throw badUpload(sha256, "it was not begun, or was given up: begin it again");
      if (index >= head.pieces) throw badUpload(sha256, `it has ${head.pieces} pieces and none of number ${index}`);
      const expected = pieceSize(head, index);
      if (piece.length !== expected)
        throw badUpload(sha256, `piece ${index} has ${piece.length} bytes and not ${expected}`);
      const data = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("base64");
      await storage.put(PIECES, pieceKey(sha256, head, index), { data });
    },
    seal: (sha256) =>
      settle(sha256, async () => {
        const found = await find(sha256);
        if (found?.head.state === "whole") return { done: undefined };
        if (found === undefined || found.head.state === "removed")
          throw badUpload(sha256, "it was not begun, or was given up");
        for await (const _ of readPieces(sha256, found.head));
        const sealed = await write({ ...found, head: { ...found.head, state: "whole" } });
        return sealed ? { done: undefined } : undefined;
      }),
    keep: (sha256) =>
      settle(sha256, async () => {
        const found = await uploaded(sha256);
        return (await renew(found)) ? { done: found.head.size } : undefined;
      }),
    async *read(sha256) {
      const found = await uploaded(sha256);
      try {
        yield* readPieces(sha256, found.head);
      } catch (error) {
        // Not if it was removed or sent anew while it was read.
        if (isCocaineError(error) && error.code === "COC_BUNDLE_DAMAGED")
          await write({ ...found, head: { ...found.head, state: "damaged" } });
        throw error;
      }
    },
    async *list() {
      for await (const document of storage.list(HEADS)) {
        if (headSchema.safeParse(document.value).success) yield storedOf(document);
      }
    },
    async remove(bundle) {
      // Told first, so that nobody begins to use it, and so that another node ends the work if this one does not.
      const { sha256, head } = bundle;
      if (head.state !== "removed" && !(await write({ ...bundle, head: { ...head, state: "removed" } }))) return false;
      await dropPieces(bundle);
      const left = await find(sha256);
      // One that is being uploaded anew has pieces and a head of its own.
      if (left?.head.upload !== head.upload) return true;
      await storage.delete(HEADS, sha256, { ifRevision: left.revision }).catch((error: unknown) => {
        if (!isConflict(error)) throw error;
      });
      return true;
    },
  };
}

interface Change {
  readonly sha256: string;
  readonly head: Head;
  /** `null`: there must be none. */
  readonly revision: string | null;
}

function storedOf({ key, value, revision }: Document): StoredBundle {
  return { sha256: key, head: headSchema.parse(value), revision };
}

function checked(sha256: string): string {
  if (/^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw badUpload(sha256.slice(0, 80), "its name is no SHA-256 in hexadecimal");
}

function isConflict(error: unknown): boolean {
  return isCocaineError(error) && error.code === "COC_STORAGE_CONFLICT";
}
