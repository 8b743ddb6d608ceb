import { z } from "zod";
import type { Change, Document, Revision, Storage } from "../contracts/storage.ts";
import { isCocaineError } from "../errors.ts";

const COLLECTION = "leases";

/** What is stored of a lease. It is never removed, so that its term only grows. */
const storedLease = z.object({
  /** The process that has it; `null`: it was given back. */
  holder: z.string().nullable(),
  /** The node of that process, for people. */
  node: z.string(),
  /** Grows by one with each take-over. */
  term: z.int().nonnegative(),
});

export type StoredLease = Readonly<z.output<typeof storedLease>>;

/** A lease as it was last seen; without a revision there is none yet, or it was removed by hand. */
export interface KnownLease extends StoredLease {
  readonly revision: Revision | null;
}

const NONE: KnownLease = { holder: null, node: "", term: 0, revision: null };

/** The leases of the storage, as they were last seen. */
export interface LeaseBook {
  /** Reads all. @throws `COC_STORAGE_…` */
  load(): Promise<void>;
  /** Follows what others write, and tells the keys of what changed. Never fails. */
  follow(changed: (key: string) => void, signal: AbortSignal): Promise<void>;
  of(key: string): KnownLease;
  /** Keys and leases. */
  entries(): Iterable<[string, KnownLease]>;
  /**
   * Writes a lease over the one that is known.
   *
   * @returns whether that was still what is stored; if not, what is stored is known now.
   * @throws `COC_STORAGE_…`
   */
  write(key: string, lease: StoredLease): Promise<boolean>;
}

export function createLeaseBook(storage: Storage): LeaseBook {
  const known = new Map<string, KnownLease>();

  const of = (key: string): KnownLease => known.get(key) ?? NONE;

  /** What something else has written in its place is nobody's lease. */
  function read({ key, value, revision }: Document): KnownLease {
    const lease = storedLease.safeParse(value).data ?? { ...of(key), holder: null };
    return { ...lease, revision };
  }

  /** Changes are told late: what is older than what is known is nothing new. */
  function learn(key: string, lease: KnownLease): boolean {
    const before = of(key);
    if (lease.revision === before.revision || lease.term < before.term) return false;
    if (lease.term === before.term && before.holder === null && before.revision !== null) return false;
    known.set(key, lease);
    return true;
  }

  function apply(change: Change): string | undefined {
    if (change.type === "delete") {
      // The term is remembered, so that it grows on.
      known.set(change.key, { ...of(change.key), holder: null, revision: null });
      return change.key;
    }
    const { key } = change.document;
    return learn(key, read(change.document)) ? key : undefined;
  }

  return {
    async load() {
      for await (const document of storage.list(COLLECTION)) apply({ type: "put", document });
    },
    async follow(changed, signal) {
      for await (const change of storage.watch(COLLECTION, { signal })) {
        const key = apply(change);
        if (key !== undefined) changed(key);
      }
    },
    of,
    entries: () => known.entries(),
    async write(key, lease) {
      const { revision: ifRevision } = of(key);
      try {
        const revision = await storage.put(COLLECTION, key, lease, { ifRevision });
        // The answer may come after what others wrote over it meanwhile was told.
        if (of(key).term <= lease.term) known.set(key, { ...lease, revision });
        return true;
      } catch (error) {
        if (!isCocaineError(error) || error.code !== "COC_STORAGE_CONFLICT") throw error;
      }
      const stored = await storage.get(COLLECTION, key);
      if (stored === null) known.set(key, { ...of(key), holder: null, revision: null });
      else known.set(key, read(stored));
      return false;
    },
  };
}
