import { z } from "@cocaine/core/plugin";

const key = z.string().min(1).describe("a key as 40 letters of Z85, or the absolute path of a file that has it");

const allowed = z.union([z.literal("any"), z.array(key).nonempty()], {
  error: "the public keys of the clients that may connect, as a list, or any: whoever knows the server's public key",
});

const members = {
  /** This side's secret key: Z85, or better a file that only the server can read (mode 0600). */
  "secret-key": key,
  /** Of a socket that binds: public keys of the peers that are let in, Z85 or files. */
  "allowed-keys": allowed,
  /** Of a socket that connects: the public key of the other side, Z85 or a file. */
  "server-key": key,
};

/** Keys of CURVE of a task whose socket binds. */
export const curveServerOptions = z.strictObject(members).omit({ "server-key": true });

/** Keys of CURVE of a task whose socket binds or connects. */
export const curveOptions = z.strictObject(members).partial({ "allowed-keys": true, "server-key": true });

export type CurveOptions = z.infer<typeof curveOptions>;
