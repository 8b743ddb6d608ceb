import { createHash, randomBytes } from "node:crypto";
import type { Document } from "@cocaine/core/plugin";

/** Text of a document's file. Two writes of one value differ, so that each has a revision of its own. */
export function writeDocument(key: string, value: unknown): { text: string; document: Document } {
  const written = `${new Date().toISOString()} ${randomBytes(4).toString("hex")}`;
  const text = `${JSON.stringify({ key, written, value }, null, 2)}\n`;
  return { text, document: readDocument(text) };
}

/**
 * Reads a document's file. The revision is the hash of the text: a file that was edited by hand has another one.
 *
 * @throws SyntaxError for what is no document
 */
export function readDocument(text: string): Document {
  const { key, value } = JSON.parse(text) as { readonly key?: unknown; readonly value?: unknown };
  if (typeof key !== "string" || value === undefined) throw new SyntaxError("no key or no value");
  return { key, value, revision: createHash("sha256").update(text).digest("hex").slice(0, 16) };
}
