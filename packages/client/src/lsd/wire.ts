import { z } from "@cocaine/core/plugin";
import type { Frame } from "@cocaine/zmtp";
import type { Call } from "./call.ts";

/** Bytes of an answer's head: the uuid and a message. */
const HEAD_LIMIT = 1024 * 1024;
/** Below this a chunk is copied, since a view of it would keep all of the read that it came in. */
const SMALL = 4096;

const EMPTY = new Uint8Array(0);

const schema = z.object({
  uuid: z.string(),
  completed: z.boolean().optional(),
  code: z.int().optional(),
  message: z.string().default(""),
});

/** An answer of a server to one request. */
export type Answer =
  | { readonly kind: "chunk"; readonly uuid: string; readonly chunk: Uint8Array }
  | { readonly kind: "end"; readonly uuid: string }
  | { readonly kind: "error"; readonly uuid: string; readonly code: number; readonly message: string }
  | { readonly kind: "unreadable"; readonly why: string };

/** A request, as it was in December 2011: times are seconds, 0 is none. */
export function encodeRequest({ uuid, body, policy, deadline }: Call): Frame[] {
  const envelope = {
    uuid,
    urgent: policy.urgent,
    mailboxed: policy.mailboxed,
    timeout: policy.timeout / 1000,
    deadline: deadline === Number.POSITIVE_INFINITY ? 0 : deadline / 1000,
  };
  return [EMPTY, JSON.stringify(envelope), body];
}

export function decodeAnswer([delimiter, head, chunk]: readonly Uint8Array[]): Answer {
  if (delimiter?.length !== 0 || head === undefined) return unreadable("it has no delimiter and head");
  if (head.length > HEAD_LIMIT) return unreadable(`its head has ${head.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(head.buffer, head.byteOffset, head.length).toString());
  } catch (error) {
    return unreadable((error as Error).message);
  }
  const { success, data } = schema.safeParse(value);
  if (!success) return unreadable("its head says neither uuid nor code");
  const { uuid, completed, code, message } = data;
  if (code !== undefined) return { kind: "error", uuid, code, message };
  if (completed === true) return { kind: "end", uuid };
  if (chunk === undefined) return unreadable("it has no chunk, end or code");
  return { kind: "chunk", uuid, chunk: chunk.length < SMALL ? Uint8Array.from(chunk) : chunk };
}

function unreadable(why: string): Answer {
  return { kind: "unreadable", why };
}
