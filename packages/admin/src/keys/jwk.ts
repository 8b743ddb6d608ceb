import { createHash, generateKeyPair, type JsonWebKey, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { createError, z } from "@cocaine/core/plugin";

/** Bits of a new key. */
const BITS = 3072;
/** Bits that a key must have. */
const LEAST_BITS = 2048;
/** Bits beyond which checking a signature costs too much. */
const MOST_BITS = 8192;

/** How a key signs. PS256 is RSASSA-PSS, RS256 is RSASSA-PKCS1-v1_5 (RFC 7518, section 3). */
export const ALGORITHMS = ["PS256", "RS256"] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

const number = z.string().regex(/^[A-Za-z0-9_-]{1,2000}$/, "base64url");

const publicSchema = z.object({
  kty: z.literal("RSA"),
  n: number,
  e: number,
  alg: z.enum(ALGORITHMS).default("PS256"),
});

const privateSchema = publicSchema.extend({ d: number, p: number, q: number, dp: number, dq: number, qi: number });

/** An RSA public key (RFC 7517), and how its owner signs. */
export type PublicJwk = z.infer<typeof publicSchema>;

/** An RSA key pair. */
export type PrivateJwk = z.infer<typeof privateSchema>;

/** Makes a key pair of 3,072 bits. */
export async function generateKey(alg: Algorithm = "PS256"): Promise<PrivateJwk> {
  const generate = promisify(generateKeyPair);
  const { privateKey }: { privateKey: KeyObject } = await generate("rsa", { modulusLength: BITS });
  const jwk: JsonWebKey = privateKey.export({ format: "jwk" });
  return privateSchema.parse({ ...jwk, alg });
}

/** Its public part. */
export function publicKeyOf({ kty, n, e, alg }: PublicJwk): PublicJwk {
  return { kty, n, e, alg };
}

/** Names a key: its JWK thumbprint, SHA-256 in base64url (RFC 7638). */
export function fingerprintOf({ e, kty, n }: PublicJwk): string {
  return createHash("sha256").update(JSON.stringify({ e, kty, n })).digest("base64url");
}

/** Reads the public part of a key. @throws `COC_ADMIN_KEY` for what is none, or is too small */
export function parsePublicKey(value: unknown): PublicJwk {
  return checked(publicSchema, value, "a public RSA key as a JWK, with kty, n and e");
}

/** Reads a key pair. @throws `COC_ADMIN_KEY` */
export function parsePrivateKey(value: unknown): PrivateJwk {
  return checked(privateSchema, value, "a private RSA key as a JWK: make one with `cocaine keys generate`");
}

function checked<T extends PublicJwk>(schema: z.ZodType<T>, value: unknown, wanted: string): T {
  const parsed = schema.safeParse(value);
  // What was given is not repeated: it may be a secret.
  if (!parsed.success) throw createError("COC_ADMIN_KEY", `that is not ${wanted} (${z.prettifyError(parsed.error)})`);
  const bits = bitsOf(parsed.data);
  if (bits >= LEAST_BITS && bits <= MOST_BITS) return parsed.data;
  throw createError("COC_ADMIN_KEY", `the key has ${bits} bits: take one of ${LEAST_BITS} to ${MOST_BITS}`);
}

function bitsOf({ n }: PublicJwk): number {
  const bytes = Buffer.from(n, "base64url");
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] as number) + 24;
}
