import type { DriverState } from "@cocaine/core/plugin";
import type { TimedOptions } from "./options.ts";

/** How far the moments of a timer have been seen to, kept over restarts of the server. */
export interface Bookmark {
  /**
   * The moment that was put last, in milliseconds since the epoch; `undefined`: none by a timer of the same moments.
   *
   * @throws `COC_STORAGE_…`
   */
  find(): Promise<number | undefined>;
  put(until: number): void;
}

/** What is stored. */
interface Kept {
  /** The options that the moments depend on. */
  readonly moments: string;
  readonly until: number;
}

export function createBookmark(options: TimedOptions, state: DriverState): Bookmark {
  // What becomes of moments changes none of them.
  const { jitter, overlap, missed, "missed-grace": grace, ...own } = options;
  const moments = JSON.stringify(own);

  return {
    async find() {
      const kept = (await state.load()) as Partial<Kept> | undefined;
      return kept?.moments === moments && typeof kept.until === "number" ? kept.until : undefined;
    },
    put: (until) => state.save({ moments, until } satisfies Kept),
  };
}
