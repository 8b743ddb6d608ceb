import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";
import { decodeZ85, encodeZ85, isZ85Key } from "./z85.ts";

/** Whose key it is, as messages name it. */
interface Place {
  readonly task: string;
  /** The member of the manifest, such as `curve.secret-key`. */
  readonly option: string;
}

/**
 * Reads a secret key: Z85, or a file that has it and that only its owner can read.
 *
 * @throws `COC_ZMQ_KEY`, whose message names the file but never the key.
 */
export function readSecretKey(value: string, place: Place): Promise<string> {
  return readKey(value, place, "secret-key");
}

/** Reads a public key: Z85, or a file that has it. @throws `COC_ZMQ_KEY` */
export function readPublicKey(value: string, place: Place): Promise<string> {
  return readKey(value, place, "public-key");
}

/** The public key that belongs to a secret one. */
export function publicKeyOf(secret: string): string {
  const der = Buffer.concat([PKCS8_X25519, decodeZ85(secret)]);
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  return encodeZ85(key.export({ format: "der", type: "spki" }).subarray(-32));
}

/** What is before the 32 bytes of a Curve25519 key in PKCS#8 (RFC 8410). */
const PKCS8_X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");

type Kind = "secret-key" | "public-key";

/** A key may begin with `/` as a path does: it is a path if there is such a file. */
async function readKey(value: string, place: Place, kind: Kind): Promise<string> {
  if (!isAbsolute(value)) {
    if (isZ85Key(value)) return value;
    throw wrong(place, "is no key: give 40 letters of Z85, or the absolute path of a file that has them");
  }
  let mode: number;
  let text: string;
  try {
    mode = (await stat(value)).mode & 0o777;
    text = await readFile(value, "utf8");
  } catch (cause) {
    if (isZ85Key(value)) return value;
    throw wrong(
      place,
      `names the file ${value}, which cannot be read (${messageOf(cause)}): give the path of one that this user may read`,
      cause,
    );
  }
  if (kind === "secret-key" && (mode & 0o077) !== 0) {
    const octal = mode.toString(8).padStart(4, "0");
    throw wrong(place, `names the file ${value}, which others can read or change (mode ${octal}): chmod 600 ${value}`);
  }
  const key = keyIn(text, kind);
  if (key === undefined) {
    throw wrong(place, `names the file ${value}, which has no ${kind}: 40 letters of Z85, or ${kind} = "…" on a line`);
  }
  return key;
}

/** The key in a file: that alone, or a certificate as the libraries of ZeroMQ write them (RFC 4, ZPL). */
function keyIn(text: string, kind: Kind): string | undefined {
  const bare = text.trim();
  if (isZ85Key(bare)) return bare;
  const line = new RegExp(`^\\s*${kind}\\s*=\\s*["'](.{40})["']\\s*$`, "m").exec(text)?.[1];
  return line !== undefined && isZ85Key(line) ? line : undefined;
}

function wrong({ task, option }: Place, why: string, cause?: unknown): CocaineError {
  return createError("COC_ZMQ_KEY", `${option} of task "${task}" ${why}`, { cause });
}
