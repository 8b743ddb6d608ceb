import type { Logger } from "../observe/log.ts";

/** Grows with each write of a document; compared for equality only. */
export type Revision = string;

/** A JSON value with its key and revision. */
export interface Document<T = unknown> {
  readonly key: string;
  readonly value: T;
  readonly revision: Revision;
}

/** A document that was written, or one that is gone. */
export type Change =
  | { readonly type: "put"; readonly document: Document }
  | { readonly type: "delete"; readonly key: string };

export interface WriteOptions {
  /** Write only if the stored revision is this one; `null`: only if there is none. Else `COC_STORAGE_CONFLICT`. */
  readonly ifRevision?: Revision | null;
}

/**
 * Named collections of versioned JSON documents: manifests, keys, leases, nodes.
 * Keys are any text of 1 to 200 characters; collection names are `[a-z][a-z0-9-]*`.
 */
export interface Storage {
  /** Whether several hosts may use it at once, as one cluster. */
  readonly shared: boolean;
  /** Opens the storage. Rejects with `COC_STORAGE_…` saying what to do. */
  start(): Promise<void>;
  /** May be called twice. Ends every `watch()`. */
  close(): Promise<void>;
  get(collection: string, key: string): Promise<Document | null>;
  /** All documents in the order of their keys. */
  list(collection: string): AsyncIterable<Document>;
  /** Writes durably: when it resolves, the document survives a crash. */
  put(collection: string, key: string, value: unknown, options?: WriteOptions): Promise<Revision>;
  /** Removing what is not there is no error, unless `ifRevision` names a revision. */
  delete(collection: string, key: string, options?: WriteOptions): Promise<void>;
  /** First a `put` for each document that is there, then every change, at least once, until `signal` aborts. */
  watch(collection: string, options: { readonly signal: AbortSignal }): AsyncIterable<Change>;
}

export interface StorageContext {
  readonly log: Logger;
}
