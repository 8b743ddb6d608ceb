import {
  CompactEncrypt,
  CompactSign,
  type CryptoKey,
  compactDecrypt,
  compactVerify,
  decodeProtectedHeader,
  importJWK,
} from "jose";
import { fingerprintOf, type PrivateJwk, type PublicJwk, publicKeyOf } from "../keys/jwk.ts";

/** How keys wrap the key of a token, and how that encrypts (RFC 7518, sections 4.3 and 5.3). Nothing else is taken. */
const WRAP = "RSA-OAEP-256";
const CIPHER = "A256GCM";

/** The other side's key. */
export interface Correspondent {
  readonly fingerprint: string;
  readonly jwk: PublicJwk;
}

/** Writes and reads tokens with one's own key: claims that are signed, then encrypted. */
export interface Tokens {
  readonly fingerprint: string;
  readonly publicKey: PublicJwk;
  /** Claims as a token that only `to` can read. */
  seal(claims: object, to: Correspondent): Promise<string>;
  /**
   * The claims of a token, once it is known whose they are.
   *
   * @param find - the sender's key by its fingerprint; `undefined`: nobody's that is let in
   * @throws {@link Forged}
   */
  open<S extends Correspondent>(
    token: string,
    find: (fingerprint: string) => Promise<S | undefined>,
  ): Promise<{ readonly claims: unknown; readonly sender: S }>;
}

/** A token that is not what it should be. */
export class Forged extends Error {
  /** Fingerprint that the token gives as its sender's, as far as that was read. */
  readonly claimed: string | undefined;

  constructor(message: string, claimed?: string, cause?: unknown) {
    super(message, { cause });
    this.name = "Forged";
    this.claimed = claimed;
  }
}

export async function createTokens(own: PrivateJwk): Promise<Tokens> {
  const publicKey = publicKeyOf(own);
  const fingerprint = fingerprintOf(own);
  const { alg, ...pair } = own;
  const signing = (await importJWK(pair, alg)) as CryptoKey;
  const unwrapping = (await importJWK(pair, WRAP)) as CryptoKey;
  const sealing = createCache(WRAP);
  const verifying = createCache();

  async function decrypted(token: string): Promise<string> {
    try {
      const { plaintext } = await compactDecrypt(token, unwrapping, {
        keyManagementAlgorithms: [WRAP],
        contentEncryptionAlgorithms: [CIPHER],
      });
      return Buffer.from(plaintext).toString("latin1");
    } catch (cause) {
      throw new Forged("it cannot be decrypted with the own key", undefined, cause);
    }
  }

  return {
    fingerprint,
    publicKey,
    async seal(claims, to) {
      const signed = await new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg, kid: fingerprint })
        .sign(signing);
      return new CompactEncrypt(Buffer.from(signed))
        .setProtectedHeader({ alg: WRAP, enc: CIPHER, kid: to.fingerprint, cty: "JWT" })
        .encrypt(await sealing(to));
    },
    async open(token, find) {
      const signed = await decrypted(token);
      const claimed = senderOf(signed);
      const sender = await find(claimed);
      // One that is not known takes as long as one that did not sign.
      const by: Correspondent = sender ?? { fingerprint, jwk: publicKey };
      const payload = await verify(signed, by);
      if (sender === undefined) throw new Forged("its sender's key is not known, or was revoked", claimed);
      if (payload instanceof Error) throw new Forged("its signature is not the sender's", claimed, payload);
      return { claims: parse(payload, claimed), sender };
    },
  };

  async function verify(signed: string, { fingerprint: kid, jwk }: Correspondent): Promise<Uint8Array | Error> {
    try {
      const key = await verifying({ fingerprint: kid, jwk });
      return (await compactVerify(signed, key, { algorithms: [jwk.alg] })).payload;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

function senderOf(signed: string): string {
  try {
    const { kid } = decodeProtectedHeader(signed);
    if (typeof kid === "string" && /^[A-Za-z0-9_-]{43}$/.test(kid)) return kid;
  } catch (cause) {
    throw new Forged("what was encrypted is not signed", undefined, cause);
  }
  throw new Forged("it names no sender");
}

function parse(payload: Uint8Array, claimed: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch (cause) {
    throw new Forged("its claims are no JSON", claimed, cause);
  }
}

/** Keys as they are used, by fingerprint. @param alg - for all; without it, that of each key */
function createCache(alg?: string): (of: Correspondent) => Promise<CryptoKey> {
  const keys = new Map<string, Promise<CryptoKey>>();
  return ({ fingerprint, jwk: { alg: own, ...jwk } }) => {
    const name = `${fingerprint} ${alg ?? own}`;
    const known = keys.get(name);
    if (known !== undefined) return known;
    const made = importJWK(jwk, alg ?? own) as Promise<CryptoKey>;
    const [oldest] = keys.keys();
    if (keys.size >= 1000 && oldest !== undefined) keys.delete(oldest);
    keys.set(name, made);
    return made;
  };
}
