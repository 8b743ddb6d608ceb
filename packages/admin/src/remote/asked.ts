import type { UserKey } from "../keys/keys.ts";
import type { Audit } from "./audit.ts";
import type { RequestClaims } from "./claims.ts";

/** A request that was taken. */
export interface Asked {
  readonly request: Extract<RequestClaims, { readonly action: string }>;
  readonly sender: UserKey;
  readonly token: string;
  readonly began: number;
}

/** Writes the record of a request, with what became of it. @param from - address that it came from */
export function createRecorder(audit: Audit, from: string, { request, sender, began }: Asked) {
  const { user, role, fingerprint } = sender;
  const { action, input } = request;
  return (outcome: string): void => {
    const ms = Math.round(performance.now() - began);
    const time = new Date().toISOString();
    audit({ time, from, user, fingerprint, role, action, app: appOf(input), outcome, reason: undefined, ms });
  };
}

function appOf(input: unknown): string | undefined {
  const { app, name } = (input ?? {}) as { readonly app?: unknown; readonly name?: unknown };
  const named = app ?? name;
  return typeof named === "string" ? named.slice(0, 100) : undefined;
}
