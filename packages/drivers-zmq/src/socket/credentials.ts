import { createError, type Logger } from "@cocaine/core/plugin";
import type { Socket, SocketOptions } from "zeromq";
import { publicKeyOf, readPublicKey, readSecretKey } from "./keys.ts";
import type { SocketRules } from "./spec.ts";
import type { Zap } from "./zap.ts";

/** What a socket is made with so that it speaks CURVE. */
export interface Credentials {
  readonly options: SocketOptions<Socket>;
  /** This side's public key, which the other side has to know. */
  readonly publicKey: string;
  /** Peers that were turned away. */
  readonly denied: number;
  /** The socket is closed. */
  leave(): void;
}

/** Reads the keys of a socket, and has those of its peers asked for if it binds. @throws `COC_ZMQ_KEY` */
export async function readCredentials(
  task: string,
  { curve, bind = [] }: SocketRules,
  zap: Zap,
  log: Logger,
): Promise<Credentials | undefined> {
  if (curve === undefined) return undefined;
  const secret = await readSecretKey(curve["secret-key"], { task, option: "curve.secret-key" });
  const publicKey = publicKeyOf(secret);
  const own = { curvePublicKey: publicKey, curveSecretKey: secret };
  if (bind.length === 0) {
    const given = needed(task, "server-key", curve["server-key"]);
    const serverKey = await readPublicKey(given, { task, option: "curve.server-key" });
    return { options: { ...own, curveServerKey: serverKey }, publicKey, denied: 0, leave: () => undefined };
  }
  const allowed = needed(task, "allowed-keys", curve["allowed-keys"]);
  const place = { task, option: "curve.allowed-keys" };
  const keys = allowed === "any" ? "any" : await Promise.all(allowed.map((key) => readPublicKey(key, place)));
  let denied = 0;
  const { context, domain, leave } = await zap.enter({
    allowed: keys === "any" ? "any" : new Set(keys),
    log,
    denied: () => denied++,
  });
  return {
    options: { ...own, context, curveServer: true, zapDomain: domain },
    publicKey,
    get denied() {
      return denied;
    },
    leave,
  };
}

function needed<T>(task: string, option: string, value: T | undefined): T {
  if (value !== undefined) return value;
  const who =
    option === "server-key" ? "the public key of whom it connects to" : "the public keys of its clients, or any";
  throw createError("COC_ZMQ_KEY", `curve.${option} of task "${task}" is missing: give ${who}`);
}
