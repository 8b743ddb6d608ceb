import { randomBytes } from "node:crypto";
import { z } from "@cocaine/core/plugin";

// How bundles lie in the storage. The archive is cut into pieces, since a document has a limit; the head says how many
// there are. They are in two collections, so that a look at all heads reads no piece.

/** Collection of the heads, by SHA-256. */
export const HEADS = "bundles";
/** Collection of the pieces, by SHA-256, upload and number. */
export const PIECES = "bundle-pieces";
/** Bytes of a piece, but for the last: as base64 it has 1 MiB. */
export const PIECE = 768 * 1024;

export const headSchema = z.object({
  /** Bytes of the archive. */
  size: z.int().positive(),
  /** Pieces of the archive. */
  pieces: z.int().positive(),
  /** Tells the pieces of this upload from those of one before, which may still be on their way out. */
  upload: z.string(),
  /**
   * `incomplete`: being uploaded; `whole`: it was, and of the right hash; `damaged`: it was, and a node found that its
   * pieces are so no more, and the next deploy sends them again; `removed`: its pieces are being deleted.
   */
  state: z.enum(["incomplete", "whole", "damaged", "removed"]),
  /** When it was last asked for by a deploy, about: milliseconds of the epoch. */
  created: z.number(),
});

export type Head = z.infer<typeof headSchema>;

/** The bytes as base64; the hash of the whole tells whether they are. */
export const pieceSchema = z.object({ data: z.string() });

/** Whether it was uploaded, so that nodes may have it. */
export function isUploaded({ state }: Head): boolean {
  return state === "whole" || state === "damaged";
}

export function newHead(size: number, now: number): Head {
  const upload = randomBytes(6).toString("hex");
  return { size, pieces: Math.ceil(size / PIECE), upload, state: "incomplete", created: now };
}

export function pieceKey(sha256: string, { upload }: Head, index: number): string {
  return `${sha256}/${upload}/${index}`;
}

/** Bytes that a piece must have. */
export function pieceSize({ size, pieces }: Head, index: number): number {
  return index === pieces - 1 ? size - index * PIECE : PIECE;
}
