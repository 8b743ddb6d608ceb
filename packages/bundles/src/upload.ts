import { PIECE } from "./head.ts";
import type { Bundle } from "./pack.ts";
import type { BundleTarget } from "./target.ts";

/**
 * Uploads a bundle, unless it is there already. What was cut off before is completed.
 *
 * @returns whether it had to be sent.
 * @throws what `bundle.read()` and the target throw.
 */
export async function uploadBundle(bundle: Bundle, target: BundleTarget): Promise<boolean> {
  const { sha256, size } = bundle;
  if (await target.begin(sha256, size)) return false;
  let index = 0;
  for await (const piece of inPieces(bundle.read())) await target.put(sha256, index++, piece);
  await target.seal(sha256);
  return true;
}

/** Cuts a stream into pieces of the size that is stored; the last one has the rest. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let piece = Buffer.alloc(PIECE);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + PIECE - filled);
      piece.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled < PIECE) continue;
      yield piece;
      // The one before may still be on its way.
      piece = Buffer.alloc(PIECE);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
