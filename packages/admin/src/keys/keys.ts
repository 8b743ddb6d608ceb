import { createError, isCocaineError, type Storage, z } from "@cocaine/core/plugin";
import { ALGORITHMS, fingerprintOf, type PublicJwk, parsePublicKey, publicKeyOf } from "./jwk.ts";
import { ROLES, type Role } from "./roles.ts";

/** Collection of the storage: a document for each key, by its fingerprint. */
const COLLECTION = "keys";

/** Names of users. */
export const userName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9@._-]{0,63}$/, "1 to 64 letters, digits, '@', '.', '_' and '-'");

const schema = z.object({
  user: userName,
  jwk: z.object({ kty: z.literal("RSA"), n: z.string(), e: z.string(), alg: z.enum(ALGORITHMS) }),
  role: z.enum(ROLES),
  created: z.string(),
  revoked: z.string().optional(),
});

/** A user's key, as it is stored. Times are of ISO 8601. */
export interface UserKey extends z.infer<typeof schema> {
  readonly fingerprint: string;
}

/** The keys that are let in. All of it throws `COC_STORAGE_…` while the storage is away. */
export interface Keys {
  /** A key that holds; `undefined`: there is none, or it was revoked. */
  find(fingerprint: string): Promise<UserKey | undefined>;
  /** All, those that were revoked too, in the order of users and times. */
  list(): Promise<UserKey[]>;
  /**
   * Lets a key in, or gives it another role. A user may have several.
   *
   * @throws `COC_ADMIN_KEY` for a key that is none, or is another user's.
   */
  add(user: string, jwk: unknown, role: Role): Promise<UserKey>;
  /**
   * Lets a key in no more, from this moment on.
   *
   * @param who - its fingerprint; or a user, all of whose keys it means
   * @param keepAdmin - refuse if no key of the role `admin` were left
   * @throws `COC_ADMIN_KEY_UNKNOWN`, `COC_ADMIN_KEY_LAST`
   */
  revoke(who: string, keepAdmin: boolean): Promise<UserKey[]>;
  /** Fingerprints of keys that may have changed. Ends with the signal. */
  watch(signal: AbortSignal): AsyncIterable<string>;
}

export function createKeys(storage: Storage): Keys {
  const read = (fingerprint: string, value: unknown): UserKey | undefined => {
    const parsed = schema.safeParse(value);
    // What somebody wrote there by hand lets nobody in.
    return parsed.success && fingerprintOf(parsed.data.jwk) === fingerprint
      ? { fingerprint, ...parsed.data }
      : undefined;
  };

  async function list(): Promise<UserKey[]> {
    const all: UserKey[] = [];
    for await (const { key, value } of storage.list(COLLECTION)) all.push(...[read(key, value) ?? []].flat());
    return all.sort((a, b) => (a.user + a.created < b.user + b.created ? -1 : 1));
  }

  return {
    async find(fingerprint) {
      const found = await storage.get(COLLECTION, fingerprint);
      const key = found === null ? undefined : read(fingerprint, found.value);
      return key?.revoked === undefined ? key : undefined;
    },
    list,
    async add(user, value, role) {
      const jwk: PublicJwk = publicKeyOf(parsePublicKey(value));
      const fingerprint = fingerprintOf(jwk);
      const before = await storage.get(COLLECTION, fingerprint);
      const known = before === null ? undefined : read(fingerprint, before.value);
      if (known !== undefined && known.user !== user) {
        throw createError(
          "COC_ADMIN_KEY",
          `the key ${fingerprint} is the user ${known.user}'s: make another for ${user}`,
        );
      }
      const stored = { user: userName.parse(user), jwk, role, created: known?.created ?? new Date().toISOString() };
      await storage.put(COLLECTION, fingerprint, stored, { ifRevision: before?.revision ?? null });
      return { fingerprint, ...stored };
    },
    async revoke(who, keepAdmin) {
      const all = await list();
      const holding = all.filter(({ revoked }) => revoked === undefined);
      const meant = holding.filter(({ fingerprint, user }) => fingerprint === who || user === who);
      if (meant.length === 0) {
        const users = [...new Set(holding.map(({ user }) => user))].join(", ") || "none";
        const message = `no key that holds has the fingerprint or user "${who}" (users: ${users})`;
        throw createError("COC_ADMIN_KEY_UNKNOWN", message);
      }
      if (keepAdmin && !holding.some((key) => key.role === "admin" && !meant.includes(key))) {
        const message = `with ${who} the last key of the role admin would go: add another first, or revoke it on a node's own machine`;
        throw createError("COC_ADMIN_KEY_LAST", message);
      }
      const revoked = new Date().toISOString();
      for (const key of meant) await markRevoked(key, revoked);
      return meant.map((key) => ({ ...key, revoked }));
    },
    async *watch(signal) {
      for await (const change of storage.watch(COLLECTION, { signal })) {
        yield change.type === "put" ? change.document.key : change.key;
      }
    },
  };

  /** Over whatever is written at the same moment: a revocation comes through. */
  async function markRevoked({ fingerprint }: UserKey, revoked: string): Promise<void> {
    for (;;) {
      const found = await storage.get(COLLECTION, fingerprint);
      if (found === null) return;
      try {
        const value = { ...(found.value as object), revoked };
        await storage.put(COLLECTION, fingerprint, value, { ifRevision: found.revision });
        return;
      } catch (error) {
        if (!isCocaineError(error) || error.code !== "COC_STORAGE_CONFLICT") throw error;
      }
    }
  }
}
