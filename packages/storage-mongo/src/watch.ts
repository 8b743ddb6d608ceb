import { setTimeout as delay } from "node:timers/promises";
import { type Change, type Logger, messageOf } from "@cocaine/core/plugin";
import type { ChangeStream, ChangeStreamDocument, Collection } from "mongodb";
import { documentOf, type Stored } from "./document.ts";
import { hasNoStreams } from "./errors.ts";

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Milliseconds between two looks, without change streams or while the server is away. */
  readonly interval: number;
  readonly log: Logger;
}

/**
 * First what is there, then every change, until the signal is aborted; never fails. By a change stream where the server
 * has one; else, and while the server is away, by looking again and again. After a gap, what is there is compared with
 * what was told, so that nothing is missed for good.
 */
export async function* watchCollection(
  collection: Collection<Stored>,
  { signal, interval, log }: WatchOptions,
): AsyncGenerator<Change> {
  /** Revisions that were told, by key. */
  const told = new Map<string, string>();
  let streams = true;
  let away = false;
  while (!signal.aborted) {
    let stream: Stream | undefined;
    try {
      // Opened before the look, so that no change falls between them.
      stream = streams ? await open(collection) : undefined;
      yield* compare(told, await collection.find().sort({ _id: 1 }).toArray());
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
async function* follow(stream: Stream, told: Map<string, string>, signal: AbortSignal): AsyncGenerator<Change> {
  // Who waits for the server does not look at the signal.
  signal.addEventListener("abort", () => void stream.close().catch(() => undefined), { once: true });
  while (!signal.aborted) {
    const event = await stream.tryNext();
    if (event === null) continue;
    if (event.operationType === "insert" || event.operationType === "replace") {
      yield* put(told, event.fullDocument);
    } else if (event.operationType === "delete") {
      const key = String(event.documentKey._id);
      if (told.delete(key)) yield { type: "delete", key };
    } else return;
  }
}

/** What differs from what was told. */
function* compare(told: Map<string, string>, found: readonly Stored[]): Generator<Change> {
  const keys = new Set(found.map(({ _id }) => _id));
  for (const key of [...told.keys()]) {
    if (keys.has(key)) continue;
    told.delete(key);
    yield { type: "delete", key };
  }
  for (const stored of found) yield* put(told, stored);
}

function* put(told: Map<string, string>, stored: Stored): Generator<Change> {
  if (told.get(stored._id) === stored.revision) return;
  told.set(stored._id, stored.revision);
  yield { type: "put", document: documentOf(stored) };
}
