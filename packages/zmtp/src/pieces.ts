// Pieces below this are copied together: each buffer of its own costs some hundred bytes beside its content.
const SMALL = 4096;
const SLAB = 16_384;

/** What has come of a frame. A peer that sends it byte by byte makes it no larger than its bytes. */
export interface Pieces {
  readonly length: number;
  add(piece: Uint8Array): void;
  /** Joins and forgets them. */
  take(): Uint8Array;
}

export function createPieces(): Pieces {
  let whole: Uint8Array[] = [];
  let length = 0;
  // Small pieces that came one after another: `slab` from `start` to `end`.
  let slab: Uint8Array | undefined;
  let start = 0;
  let end = 0;

  const seal = (): void => {
    if (slab !== undefined && end > start) whole.push(slab.subarray(start, end));
    start = end;
  };

  return {
    get length() {
      return length;
    },
    add(piece) {
      if (piece.length === 0) return;
      // The first piece is what a read ended with: it is not copied twice.
      const alone = length === 0;
      length += piece.length;
      if (alone || piece.length >= SMALL) {
        seal();
        whole.push(piece);
        return;
      }
      if (slab === undefined || end + piece.length > slab.length) {
        seal();
        slab = Buffer.allocUnsafe(whole.length < 2 ? SMALL : SLAB);
        start = 0;
        end = 0;
      }
      slab.set(piece, end);
      end += piece.length;
    },
    take() {
      seal();
      const [only] = whole;
      const joined = whole.length === 1 && only !== undefined ? only : Buffer.concat(whole, length);
      whole = [];
      length = 0;
      slab = undefined;
      start = 0;
      end = 0;
      return joined;
    },
  };
}
