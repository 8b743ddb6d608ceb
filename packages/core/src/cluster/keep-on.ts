import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";

/** Milliseconds before what failed is begun again. */
const PAUSE = 2000;

/** Follows something until the signal is aborted: begins again where it fails. Never rejects. */
export async function keepOn(
  follow: () => Promise<void>,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await follow();
    } catch (error) {
      log.error({ err: error }, `the storage is not followed for the moment: ${messageOf(error)}`);
    }
    await delay(PAUSE, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
