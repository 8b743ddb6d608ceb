import type { SecureContext } from "node:tls";
import {
  type CredentialMaterial,
  type Credentials,
  createError,
  messageOf,
  openCredentials,
} from "@cocaine/core/plugin";
import type { TlsOptions } from "./options.ts";
import type { Site } from "./site.ts";

interface Entry {
  readonly site: Site;
  readonly credentials: Credentials;
}

/** The certificates of a listener's tasks: each task's for its own hosts, the first one's for every other name. */
export class Certificates {
  readonly #entries: Entry[] = [];
  #serve: (material: CredentialMaterial) => void = () => undefined;

  /** Reads a task's files, and reads them again when they change. @throws `COC_HTTP_TLS` */
  async add(site: Site, options: TlsOptions): Promise<void> {
    this.#entries.push({ site, credentials: await this.#open(site, options) });
    this.#settle();
  }

  remove(site: Site): void {
    const at = this.#entries.findIndex((entry) => entry.site === site);
    const [entry] = at < 0 ? [] : this.#entries.splice(at, 1);
    if (entry === undefined) return;
    entry.credentials.close();
    this.#settle();
  }

  /** Calls `serve` with what a client gets that names no host, now and whenever that is another. */
  serve(serve: (material: CredentialMaterial) => void): void {
    this.#serve = serve;
    this.#settle();
  }

  /** For the host that a client names (RFC 6066, 3). */
  contextOf(name: string): SecureContext | undefined {
    const host = name.toLowerCase();
    const entry = this.#entries.find(({ site }) => site.hosts.includes(host)) ?? this.#entries[0];
    return entry?.credentials.context;
  }

  async #open(site: Site, options: TlsOptions): Promise<Credentials> {
    try {
      return await openCredentials(options, {
        changed: () => {
          this.#settle();
          site.log.info({ cert: options.cert }, "The certificate was read again");
        },
        failed: (error) =>
          site.log.error({ err: error }, `The certificate is still the one before: ${messageOf(error)}`),
      });
    } catch (cause) {
      const remedy =
        "give PEM files that this user may read, a certificate with its chain and the key that belongs to it";
      throw createError("COC_HTTP_TLS", `${messageOf(cause)} for ${site.name}: ${remedy}`, { cause });
    }
  }

  #settle(): void {
    const [first] = this.#entries;
    if (first !== undefined) this.#serve(first.credentials.material);
  }
}
