import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";
import type { TlsOptions } from "./options.ts";
import type { Site } from "./site.ts";

/** Milliseconds between two looks at the files. */
const LOOK = 2000;

/** A certificate with its chain, and its private key, in PEM. */
export interface Material {
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Entry {
  readonly site: Site;
  readonly options: TlsOptions;
  material: Material;
  context: SecureContext;
  readonly changed: () => void;
}

/** The certificates of a listener's tasks: each task's for its own hosts, the first one's for every other name. */
export class Certificates {
  readonly #entries: Entry[] = [];
  #serve: (material: Material) => void = () => undefined;

  /** Reads a task's files, and reads them again when they change. @throws `COC_HTTP_TLS` */
  async add(site: Site, options: TlsOptions): Promise<void> {
    const { material, context } = await load(site.name, options);
    const entry: Entry = { site, options, material, context, changed: () => void this.#reload(entry) };
    this.#entries.push(entry);
    for (const file of [options.cert, options.key]) {
      watchFile(file, { interval: LOOK, persistent: false }, entry.changed);
    }
    this.#settle();
  }

  remove(site: Site): void {
    const at = this.#entries.findIndex((entry) => entry.site === site);
    const [entry] = at < 0 ? [] : this.#entries.splice(at, 1);
    if (entry === undefined) return;
    for (const file of [entry.options.cert, entry.options.key]) unwatchFile(file, entry.changed);
    this.#settle();
  }

  /** Calls `serve` with what a client gets that names no host, now and whenever that is another. */
  serve(serve: (material: Material) => void): void {
    this.#serve = serve;
    this.#settle();
  }

  /** For the host that a client names (RFC 6066, 3). */
  contextOf(name: string): SecureContext | undefined {
    const host = name.toLowerCase();
    return (this.#entries.find(({ site }) => site.hosts.includes(host)) ?? this.#entries[0])?.context;
  }

  /** The old ones stay while the new do not fit: files are replaced one after the other. */
  async #reload(entry: Entry): Promise<void> {
    const { site, options } = entry;
    try {
      const { material, context } = await load(site.name, options);
      if (!this.#entries.includes(entry)) return;
      entry.material = material;
      entry.context = context;
      this.#settle();
      site.log.info({ cert: options.cert }, "The certificate was read again");
    } catch (error) {
      site.log.error({ err: error }, `The certificate is still the one before: ${messageOf(error)}`);
    }
  }

  #settle(): void {
    const [first] = this.#entries;
    if (first !== undefined) this.#serve(first.material);
  }
}

async function load(name: string, { cert, key }: TlsOptions) {
  const read = async (option: string, file: string) => {
    try {
      return await readFile(file);
    } catch (cause) {
      throw tlsError(name, `tls.${option} ${file} cannot be read (${messageOf(cause)})`, cause);
    }
  };
  const material: Material = { cert: await read("cert", cert), key: await read("key", key) };
  try {
    return { material, context: createSecureContext(material) };
  } catch (cause) {
    throw tlsError(name, `tls.cert ${cert} and tls.key ${key} do not serve (${messageOf(cause)})`, cause);
  }
}

function tlsError(name: string, what: string, cause: unknown): CocaineError {
  const remedy = "give PEM files that this user may read, a certificate with its chain and the key that belongs to it";
  return createError("COC_HTTP_TLS", `${what} for ${name}: ${remedy}`, { cause });
}
