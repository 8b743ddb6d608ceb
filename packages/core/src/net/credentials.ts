import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { messageOf } from "../errors.ts";

/** Milliseconds between two looks at the files. */
const LOOK = 2000;

/** PEM files of a server of TLS. */
export interface CredentialFiles {
  /** The certificate, with its chain behind it. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
  /** The authorities whose certificates clients must have. */
  readonly ca?: string | undefined;
}

/** What is in them. */
export interface CredentialMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

export interface CredentialEvents {
  /** The files are others, and serve. */
  changed(): void;
  /** They are others, and do not serve; those before are still in use. */
  failed(error: Error): void;
}

/** The credentials of a server of TLS, which are read again when their files change. */
export interface Credentials {
  readonly material: CredentialMaterial;
  readonly context: SecureContext;
  close(): void;
}

/**
 * Reads PEM files, and watches them. Files are replaced one after the other: as long as the new ones do not fit, the old
 * ones hold.
 *
 * @throws Error that names the file and says what is wrong with it.
 */
export async function openCredentials(files: CredentialFiles, events: CredentialEvents): Promise<Credentials> {
  let current = await load(files);
  let closed = false;
  const names = [files.cert, files.key, ...(files.ca === undefined ? [] : [files.ca])];

  const look = async () => {
    try {
      const loaded = await load(files);
      if (closed) return;
      current = loaded;
      events.changed();
    } catch (error) {
      if (!closed) events.failed(error instanceof Error ? error : new Error(messageOf(error)));
    }
  };
  const changed = () => void look();
  for (const name of names) watchFile(name, { interval: LOOK, persistent: false }, changed);

  return {
    get material() {
      return current.material;
    },
    get context() {
      return current.context;
    },
    close() {
      closed = true;
      for (const name of names) unwatchFile(name, changed);
    },
  };
}

async function load({ cert, key, ca }: CredentialFiles) {
  const material: CredentialMaterial = {
    cert: await read("cert", cert),
    key: await read("key", key),
    ...(ca !== undefined && { ca: await read("ca", ca) }),
  };
  try {
    return { material, context: createSecureContext(material) };
  } catch (cause) {
    throw new Error(`tls.cert ${cert} and tls.key ${key} do not serve (${messageOf(cause)})`, { cause });
  }
}

async function read(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Error(`tls.${option} ${file} cannot be read (${messageOf(cause)})`, { cause });
  }
}
