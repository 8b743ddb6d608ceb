import { randomUUID } from "node:crypto";
import { type Document, messageOf } from "@cocaine/core/plugin";
import { badValue, notOurs } from "./errors.ts";

/**
 * A document as it is stored. The value is JSON text: names of fields may have `$`, `.` and whatever else JSON allows,
 * and come back as they were from every server.
 */
export interface Stored {
  readonly _id: string;
  readonly json: string;
  readonly revision: string;
}

/** Bytes that a document of MongoDB may have are 16 MiB. */
const LIMIT = 15 * 1024 * 1024;

/** @throws `COC_STORAGE_VALUE` */
export function storedOf(place: string, key: string, value: unknown): Stored {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw badValue(place, `it is no JSON (${String(cause)}): give plain JSON, or null`, cause);
  }
  if (json === undefined) throw badValue(place, "it is no JSON: give plain JSON, or null");
  const bytes = Buffer.byteLength(json);
  if (bytes > LIMIT)
    throw badValue(place, `it has ${bytes} bytes as JSON, and a document ${LIMIT} at the most: split it`);
  return { _id: key, json, revision: randomUUID() };
}

/** @throws `COC_STORAGE_VALUE` for what something else has written there */
export function documentOf(collection: string, { _id, json, revision }: Stored): Document {
  const place = `${collection}/${String(_id)}`;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw notOurs(place, messageOf(cause), cause);
  }
  if (typeof _id !== "string") throw notOurs(place, "its _id is no text");
  if (typeof revision !== "string") throw notOurs(place, "it has no revision");
  return { key: _id, value, revision };
}
