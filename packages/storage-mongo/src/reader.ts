import { type Document, type Logger, messageOf } from "@cocaine/core/plugin";
import { documentOf, type Stored } from "./document.ts";

/** Places that are remembered as told; what else is damaged beyond them is told each time. */
const REMEMBERED = 1000;

/** Reads stored documents. What something else has put among them is left out, so that it keeps nobody from the rest. */
export type Read = (collection: string, stored: Stored) => Document | undefined;

/** A reader that tells once of each document that it leaves out. */
export function createReader(log: Logger): Read {
  const told = new Set<string>();
  return (collection, stored) => {
    try {
      return documentOf(collection, stored);
    } catch (error) {
      const message = messageOf(error);
      if (!told.has(message)) {
        if (told.size < REMEMBERED) told.add(message);
        log.error({ collection, key: String(stored._id) }, `left out: ${message}`);
      }
      return undefined;
    }
  };
}
