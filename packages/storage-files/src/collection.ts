import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createSerial, type Document, type Logger, messageOf, type WriteOptions } from "@cocaine/core/plugin";
import { readDocument, writeDocument } from "./document.ts";
import { badValue, conflict, failed } from "./errors.ts";
import { fileName, isDocumentName, isLeftoverName } from "./names.ts";
import { makeFolder, syncFolder, writeAtomically } from "./write.ts";

/** The documents of one folder. */
export class Collection {
  readonly folder: string;
  readonly #name: string;
  readonly #log: Logger;
  readonly #serial = createSerial();
  #writes = 0;

  constructor(root: string, name: string, log: Logger) {
    this.folder = join(root, name);
    this.#name = name;
    this.#log = log;
  }

  /** Makes the folder, and removes what killed writes left in it. */
  async open(): Promise<void> {
    try {
      await makeFolder(this.folder);
      for (const name of await readdir(this.folder)) {
        if (isLeftoverName(name)) await rm(join(this.folder, name), { force: true });
      }
    } catch (error) {
      throw failed("opened", this.folder, error);
    }
  }

  async get(key: string): Promise<Document | null> {
    return this.read(fileName(key));
  }

  /** All documents in the order of their keys. */
  async list(): Promise<Document[]> {
    const names = await this.#names();
    const documents = await Promise.all(names.map((name) => this.read(name)));
    return documents.filter((document) => document !== null).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  put(key: string, value: unknown, options: WriteOptions): Promise<Document> {
    const name = fileName(key);
    return this.#serial(name, async () => {
      await this.#check(name, key, options);
      const { text, document } = this.#document(key, value);
      try {
        await writeAtomically(join(this.folder, name), text, ++this.#writes);
      } catch (error) {
        throw failed("written", join(this.folder, name), error);
      }
      return document;
    });
  }

  /** @returns whether there was one. */
  delete(key: string, options: WriteOptions): Promise<boolean> {
    const name = fileName(key);
    return this.#serial(name, async () => {
      await this.#check(name, key, options);
      try {
        await rm(join(this.folder, name));
        await syncFolder(this.folder);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
        throw failed("removed", join(this.folder, name), error);
      }
    });
  }

  /** The document of a file after the writes that came before; one that is corrupt is set aside. */
  read(name: string): Promise<Document | null> {
    return this.#serial(name, () => this.#read(name));
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter(isDocumentName);
    } catch (error) {
      throw failed("listed", this.folder, error);
    }
  }

  async #read(name: string): Promise<Document | null> {
    const path = join(this.folder, name);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw failed("read", path, error);
    }
    try {
      return readDocument(text);
    } catch (error) {
      await this.#setAside(path, messageOf(error));
      return null;
    }
  }

  /** Keeps a corrupt document under another name. One that cannot be renamed must not keep the others from loading. */
  async #setAside(path: string, fault: string): Promise<void> {
    const aside = `${path}.corrupt-${Date.now()}`;
    const fields = { path, aside, collection: this.#name };
    try {
      await rename(path, aside);
      this.#log.error(fields, `a corrupt document was set aside: ${fault}`);
    } catch (error) {
      this.#log.error({ ...fields, err: error }, `a corrupt document could not be set aside: ${fault}`);
    }
  }

  #document(key: string, value: unknown): { text: string; document: Document } {
    try {
      return writeDocument(key, value);
    } catch (error) {
      throw badValue(`${this.#name}/${key}`, messageOf(error), error);
    }
  }

  async #check(name: string, key: string, { ifRevision }: WriteOptions): Promise<void> {
    if (ifRevision === undefined) return;
    const revision = (await this.#read(name))?.revision ?? null;
    if (revision !== ifRevision) throw conflict(`${this.#name}/${key}`, revision, ifRevision);
  }
}
