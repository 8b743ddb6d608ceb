import { createHash } from "node:crypto";
import { z } from "@cocaine/core/plugin";
import type { Header } from "../wire.ts";

// What tokens say (docs/admin-protocol.md). Times are seconds since the epoch (RFC 7519, NumericDate).

/** Seconds for which a token may be used. */
export const LIFETIME = 30;
/** Seconds that the clocks of two machines may differ. */
export const SKEW = 30;

const id = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);

const common = {
  iss: z.string(),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  /** Of the request; its follow-ups have the same. */
  jti: id,
};

const requestClaims = z.union([
  z.strictObject({
    ...common,
    action: z.string().max(100),
    input: z.unknown().optional(),
    body: z.base64url().optional(),
  }),
  /** Follow-ups are counted, so that none can be told twice. */
  z.strictObject({ ...common, seq: z.int().positive(), credit: z.int().positive() }),
  z.strictObject({ ...common, seq: z.int().positive(), cancel: z.literal(true) }),
]);

/** A request, or what follows one. */
export type RequestClaims = z.infer<typeof requestClaims>;

const replyClaims = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  iat: z.number(),
  /** The request's `jti`, and the hash of its token. */
  rjti: id,
  rhash: z.string(),
  /** Counts the replies to a request from 0 on: none can be left out. */
  seq: z.int().nonnegative(),
  kind: z.enum(["result", "error", "item", "bytes", "end"]),
  value: z.unknown().optional(),
});

/** A reply; of `bytes` the value is base64url. */
export type ReplyClaims = z.infer<typeof replyClaims>;

/** Claims of a request, or what is wrong with them. */
export function readRequest(claims: unknown): RequestClaims | undefined {
  return requestClaims.safeParse(claims).data;
}

export function readReply(claims: unknown): ReplyClaims | undefined {
  return replyClaims.safeParse(claims).data;
}

/** Names a request's token in the replies to it. */
export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

/** Claims of a token that is sent now. */
export function requestOf(
  from: string,
  to: string,
  jti: string,
  header: Header & { readonly seq?: number },
  body: Uint8Array | undefined,
): object {
  const iat = Math.floor(Date.now() / 1000);
  const sent = body && { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64url") };
  return { iss: from, aud: to, iat, exp: iat + LIFETIME, jti, ...header, ...sent };
}

/** Why a token does not hold at this moment; `undefined`: it does. */
export function untimely({ iat, exp }: { readonly iat: number; readonly exp: number }): string | undefined {
  const now = Date.now() / 1000;
  if (!(exp > iat) || exp - iat > LIFETIME) return `it holds for ${exp - iat} s, not for up to ${LIFETIME} s`;
  if (iat > now + SKEW) return `it is of ${Math.round(iat - now)} s from now`;
  if (exp < now - SKEW) return `it has expired ${Math.round(now - exp)} s ago`;
  return undefined;
}
