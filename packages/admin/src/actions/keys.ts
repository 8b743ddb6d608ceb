import { z } from "@cocaine/core/plugin";
import { answerAction } from "../action.ts";
import { userName } from "../keys/keys.ts";
import { ROLES } from "../keys/roles.ts";

/** Keys of remote administration, those that were revoked too. */
export const keys = answerAction({
  name: "keys",
  role: "admin",
  input: z.strictObject({}),
  run: ({ keys: all }) => all.list(),
});

/** Lets a key in, or gives it another role. */
export const addKey = answerAction({
  name: "addKey",
  role: "admin",
  input: z.strictObject({
    user: userName,
    /** Public RSA key. */
    jwk: z.unknown(),
    role: z.enum(ROLES),
  }),
  run: ({ keys: all }, { user, jwk, role }) => all.add(user, jwk, role),
});

/** Lets a key in no more. The last of the role `admin` only goes on a node's own machine. */
export const revokeKey = answerAction({
  name: "revokeKey",
  role: "admin",
  input: z.strictObject({
    /** Its fingerprint; or a user, all of whose keys are meant. */
    key: z.string().min(1),
  }),
  run: ({ keys: all }, { key }, { caller }) => all.revoke(key, caller.fingerprint !== undefined),
});

/** Who the node takes the client for. */
export const whoami = answerAction({
  name: "whoami",
  role: "viewer",
  input: z.strictObject({}),
  run: async (_node, _input, { caller }) => caller,
});
