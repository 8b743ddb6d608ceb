import { setTimeout as delay } from "node:timers/promises";
import { type Change, type Logger, messageOf } from "@cocaine/core/plugin";
import type { ChangeStream, ChangeStreamDocument, Collection } from "mongodb";
import type { Stored } from "./document.ts";
import { hasNoStreams } from "./errors.ts";
import type { Read } from "./reader.ts";

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Milliseconds between two looks, without change streams or while the server is away. */
  readonly interval: number;
  readonly read: Read;
  readonly log: Logger;
}

/**
 * First what is there, then every change, until the signal is aborted; never fails. By a change stream where the server
 * has one; else, and while the server is away, by looking again and again. After a gap, what is there is compared with
 * what was told, so that nothing is missed for good.
 */
export async function* watchCollection(
  collection: Collection<Stored>,
  { signal, interval, read, log }: WatchOptions,
): AsyncGenerator<Change> {
  const told = createTold(collection.collectionName, read);
  let streams = true;
  let away = false;
  while (!signal.aborted) {
    let stream: Stream | undefined;
    try {
      // Opened before the look, so that no change falls between them.
      stream = streams ? await open(collection) : undefined;
      yield* told.compare(await collection.find().sort({ _id: 1 }).toArray());
      if (away) log.info({ collection: collection.collectionName }, "the storage is watched again");
      away = false;
      if (stream !== undefined) yield* follow(stream, told, signal);
    } catch (error) {
      if (hasNoStreams(error)) streams = false;
      else if (!signal.aborted && !away) {
        away = true;
        const fields = { collection: collection.collectionName, err: error };
        log.warn(fields, `the storage is not watched for the moment: ${messageOf(error)}`);
      }
    } finally {
      await stream?.close().catch(() => undefined);
    }
    if (stream === undefined || away) await delay(interval, undefined, { signal }).catch(() => undefined);
  }
}

type Stream = ChangeStream<Stored, ChangeStreamDocument<Stored>>;

async function open(collection: Collection<Stored>): Promise<Stream> {
  const stream = collection.watch<Stored, ChangeStreamDocument<Stored>>([], { maxAwaitTimeMS: 1000 });
  try {
    // The cursor is opened by the first question. What that finds is there for the look that follows.
    await stream.tryNext();
    return stream;
  } catch (error) {
    await stream.close().catch(() => undefined);
    throw error;
  }
}

/** Until the collection is dropped, or the signal is aborted. */
async function* follow(stream: Stream, told: Told, signal: AbortSignal): AsyncGenerator<Change> {
  // Who waits for the server does not look at the signal.
  const close = () => void stream.close().catch(() => undefined);
  signal.addEventListener("abort", close, { once: true });
  try {
    while (!signal.aborted) {
      const event = await stream.tryNext();
      if (event === null) continue;
      if (event.operationType === "insert" || event.operationType === "replace") {
        yield* told.put(event.fullDocument);
      } else if (event.operationType === "delete") {
        yield* told.delete(String(event.documentKey._id));
      } else return;
    }
  } finally {
    // The signal outlives very many streams where the server is often away.
    signal.removeEventListener("abort", close);
  }
}

/** What was told of a collection: each change gives what is new in it. */
interface Told {
  put(stored: Stored): Generator<Change>;
  delete(key: string): Generator<Change>;
  /** All that is there, as it was found. */
  compare(found: readonly Stored[]): Generator<Change>;
}

function createTold(collection: string, read: Read): Told {
  /** Revisions, by key. */
  const revisions = new Map<string, string>();
  return {
    *put(stored) {
      if (revisions.get(stored._id) === stored.revision) return;
      const document = read(collection, stored);
      if (document === undefined) return yield* this.delete(String(stored._id));
      revisions.set(document.key, document.revision);
      yield { type: "put", document };
    },
    *delete(key) {
      if (revisions.delete(key)) yield { type: "delete", key };
    },
    *compare(found) {
      const keys = new Set(found.map(({ _id }) => _id));
      for (const key of [...revisions.keys()]) if (!keys.has(key)) yield* this.delete(key);
      for (const stored of found) yield* this.put(stored);
    },
  };
}
