import type { Change, Document, Logger, Revision, Storage, WriteOptions } from "@cocaine/core/plugin";
import { type Collection, type Db, type Filter, MongoClient } from "mongodb";
import { documentOf, type Stored, storedOf } from "./document.ts";
import { badName, closed, conflict, explain, isDuplicate } from "./errors.ts";
import type { MongoOptions } from "./options.ts";
import { createReader, type Read } from "./reader.ts";
import { watchCollection } from "./watch.ts";

/** Writes over what others write at the same moment, before it is given up. */
const ATTEMPTS = 5;
/** Connections at the most: a cluster has many nodes, and its server only so many connections. */
const POOL = 16;

/** A storage in MongoDB. It is `new`, `open` once it has started, then `closed`. */
export class Mongo implements Storage {
  readonly shared = true;
  readonly #options: MongoOptions;
  readonly #log: Logger;
  readonly #read: Read;
  readonly #ended = new AbortController();
  /** The servers, without credentials. */
  readonly #where: string;
  #client: MongoClient | undefined;
  #db: Db | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: MongoOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
    this.#read = createReader(log);
    this.#where = options.uri.replace(/\/\/[^@/]*@/, "//").replace(/\?.*$/, "");
  }

  async start(): Promise<void> {
    const { uri, database } = this.#options;
    const timeout = this.#options["operation-timeout"];
    const client = await this.#explained(
      async () =>
        new MongoClient(uri, {
          appName: "cocaine",
          serverSelectionTimeoutMS: this.#options["server-timeout"],
          connectTimeoutMS: timeout,
          socketTimeoutMS: timeout,
          waitQueueTimeoutMS: timeout,
          ...(!/[?&]maxPoolSize=/i.test(uri) && { maxPoolSize: POOL }),
          // A write that is told to be done survives the loss of the server that took it.
          writeConcern: { w: "majority", wtimeoutMS: timeout },
          readPreference: "primary",
        }),
    );
    const named = /^[^/]+\/\/[^/]+\/([^?]+)/.test(uri);
    const db = client.db(named ? undefined : database);
    try {
      await this.#explained(async () => {
        await client.connect();
        // The first operation that needs the rights that are needed.
        await db.collection<Stored>("apps").findOne({ _id: "" });
      });
    } catch (error) {
      await client.close();
      throw error;
    }
    if (this.#ended.signal.aborted) return client.close();
    this.#client = client;
    this.#db = db;
  }

  close(): Promise<void> {
    this.#ended.abort();
    this.#closing ??= Promise.resolve(this.#client?.close());
    return this.#closing;
  }

  async get(collection: string, key: string): Promise<Document | null> {
    const stored = await this.#explained(() => this.#collection(collection).findOne({ _id: checkKey(key) }));
    return stored === null ? null : documentOf(collection, stored);
  }

  async *list(collection: string): AsyncGenerator<Document> {
    const found = this.#collection(collection).find().sort({ _id: 1 });
    try {
      for await (const stored of found) {
        const document = this.#read(collection, stored);
        if (document !== undefined) yield document;
      }
    } catch (error) {
      throw explain(this.#where, error);
    }
  }

  async put(name: string, key: string, value: unknown, { ifRevision }: WriteOptions = {}): Promise<Revision> {
    const place = `${name}/${key}`;
    const collection = this.#collection(name);
    const stored = storedOf(place, checkKey(key), value);
    if (ifRevision === undefined) await this.#explained(() => overwrite(collection, stored));
    else {
      const written = await this.#explained(() => compareAndSet(collection, stored, ifRevision));
      if (!written) throw await this.#conflict(name, key, ifRevision);
    }
    return stored.revision;
  }

  async delete(name: string, key: string, { ifRevision }: WriteOptions = {}): Promise<void> {
    const collection = this.#collection(name);
    const filter: Filter<Stored> = {
      _id: checkKey(key),
      ...(typeof ifRevision === "string" && { revision: ifRevision }),
    };
    if (ifRevision === null) {
      if ((await this.get(name, key)) !== null) throw await this.#conflict(name, key, null);
      return;
    }
    const { deletedCount } = await this.#explained(() => collection.deleteOne(filter));
    if (deletedCount === 0 && ifRevision !== undefined) throw await this.#conflict(name, key, ifRevision);
  }

  async *watch(name: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<Change> {
    const stop = AbortSignal.any([signal, this.#ended.signal]);
    const collection = this.#collection(name);
    const interval = this.#options["poll-interval"];
    yield* watchCollection(collection, { signal: stop, interval, read: this.#read, log: this.#log });
  }

  #collection(name: string): Collection<Stored> {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) throw badName("collection", name, "lower-case letters, digits and -");
    if (this.#db === undefined || this.#ended.signal.aborted) throw closed(this.#where);
    return this.#db.collection<Stored>(name);
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explain(this.#where, error);
    }
  }

  async #conflict(name: string, key: string, expected: string | null): Promise<Error> {
    const found = await this.#explained(() => this.#collection(name).findOne({ _id: key }));
    return conflict(`${name}/${key}`, found?.revision ?? null, expected);
  }
}

/** Two upserts of a new key at once: one of them inserts, and the other one has to see that. */
async function overwrite(collection: Collection<Stored>, stored: Stored): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await collection.replaceOne({ _id: stored._id }, stored, { upsert: true });
      return;
    } catch (error) {
      if (!isDuplicate(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** @returns whether the document was at that revision; `null`: not there. */
async function compareAndSet(
  collection: Collection<Stored>,
  stored: Stored,
  revision: string | null,
): Promise<boolean> {
  if (revision !== null) {
    const { _id } = stored;
    return (await collection.replaceOne({ _id, revision }, stored)).matchedCount === 1;
  }
  try {
    await collection.insertOne(stored);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

function checkKey(key: string): string {
  const { length } = key;
  if (length === 0 || length > 200) throw badName("key", key, "1 to 200 characters");
  return key;
}
