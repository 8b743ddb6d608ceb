/** What a user may do, each all that the ones before may. */
export const ROLES = ["viewer", "deployer", "admin"] as const;

/**
 * - `viewer`: sees apps, nodes, logs and feeds
 * - `deployer`: deploys, removes, calls
 * - `admin`: adds and revokes keys
 */
export type Role = (typeof ROLES)[number];

/** Whether one of this role may do what asks for that one. */
export function suffices(role: Role, asked: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(asked);
}

/** Who asks for an action. */
export interface Caller {
  readonly user: string;
  readonly role: Role;
  /** Fingerprint of the key; `undefined` on the local endpoint. */
  readonly fingerprint: string | undefined;
}

/** Whoever may open the control socket of a node is its user, and may do everything. */
export const localCaller: Caller = { user: "local", role: "admin", fingerprint: undefined };
