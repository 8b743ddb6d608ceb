import { createHash } from "node:crypto";
import { isCocaineError, type Logger, messageOf, type Storage } from "@cocaine/core/plugin";
import { LIFETIME, SKEW } from "./claims.ts";

const COLLECTION = "seen";
/** Milliseconds between two looks for what has expired. */
const SWEEP = 60_000;

/** The requests that were taken, in the storage, so that no node takes one twice. */
export interface Seen {
  /**
   * Marks a request as taken.
   *
   * @returns whether it had not been taken before, by any node
   * @throws `COC_STORAGE_…`
   */
  take(fingerprint: string, jti: string): Promise<boolean>;
  start(): void;
  close(): void;
}

export function createSeen(storage: Storage, log: Logger): Seen {
  let timer: NodeJS.Timeout | undefined;

  async function sweep(): Promise<void> {
    // Another node's clock may be behind by the skew, and the sender's ahead of it by as much.
    const now = Date.now() / 1000 - 2 * SKEW;
    for await (const { key, value, revision } of storage.list(COLLECTION)) {
      const { until } = value as { readonly until: number };
      if (until < now) await storage.delete(COLLECTION, key, { ifRevision: revision }).catch(alreadyGone);
    }
  }

  return {
    async take(fingerprint, jti) {
      const key = createHash("sha256").update(`${fingerprint} ${jti}`).digest("base64url");
      const until = Math.floor(Date.now() / 1000) + LIFETIME + 2 * SKEW;
      try {
        await storage.put(COLLECTION, key, { until }, { ifRevision: null });
        return true;
      } catch (error) {
        if (isConflict(error)) return false;
        throw error;
      }
    },
    start() {
      timer = setInterval(() => {
        sweep().catch((error: unknown) =>
          log.debug({ err: error }, `requests that have expired were not removed: ${messageOf(error)}`),
        );
      }, SWEEP);
      timer.unref();
    },
    close: () => clearInterval(timer),
  };
}

/** Another node removed it first. */
function alreadyGone(error: unknown): void {
  if (!isConflict(error)) throw error;
}

function isConflict(error: unknown): boolean {
  return isCocaineError(error) && error.code === "COC_STORAGE_CONFLICT";
}
