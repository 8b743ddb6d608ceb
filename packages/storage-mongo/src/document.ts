import { randomUUID } from "node:crypto";
import type { Document } from "@cocaine/core/plugin";
import { badValue } from "./errors.ts";

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

export function documentOf({ _id, json, revision }: Stored): Document {
  return { key: _id, value: JSON.parse(json), revision };
}
