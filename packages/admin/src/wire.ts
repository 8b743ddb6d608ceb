import { createError, type ErrorCode, z } from "@cocaine/core/plugin";

// The frames of the local channel. Client to node: [request id, header JSON, optional body].
// Node to client: [request id, kind, payload]. A request id is chosen by the client and unique among its requests.

/** Items that a node sends ahead of the client's credit. */
export const WINDOW = 32;

/** An error as it goes over a wire. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: unknown;
}

const header = z.union([
  /** A request. */
  z.strictObject({ action: z.string(), input: z.unknown().optional() }),
  /** The client has taken so many items of the stream. */
  z.strictObject({ credit: z.int().positive() }),
  /** The client wants no more. */
  z.strictObject({ cancel: z.literal(true) }),
]);

export type Header = z.infer<typeof header>;

/** What a node answers: `result` and `error` are the last of a request, `end` is the last of a stream. */
export type AnswerKind = "result" | "error" | "item" | "bytes" | "end";

export interface Answer {
  readonly id: string;
  readonly kind: AnswerKind;
  readonly payload: Uint8Array;
}

/** Writes a message of the client. */
export function encodeRequest(id: string, header: Header, body?: Uint8Array): Uint8Array[] {
  const frames = [Buffer.from(id), json(header)];
  return body === undefined ? frames : [...frames, body];
}

/**
 * Reads a message of a client.
 *
 * @throws `COC_ADMIN_PROTOCOL` if it is none.
 */
export function decodeRequest(frames: readonly Uint8Array[]): {
  id: string;
  header: Header;
  body: Uint8Array | undefined;
} {
  const [id, head, body] = frames;
  if (id === undefined || head === undefined) throw broken("a request is an id, a header and a body");
  const parsed = header.safeParse(parse(head));
  if (!parsed.success) throw broken(`the header ${text(head).slice(0, 100)} is none`, parsed.error);
  return { id: text(id), header: parsed.data, body };
}

/** Writes an answer of the node; `value` is JSON but for `bytes`. */
export function encodeAnswer(id: string, kind: AnswerKind, value?: unknown): Uint8Array[] {
  return [Buffer.from(id), Buffer.from(kind), value instanceof Uint8Array ? value : json(value ?? null)];
}

/**
 * Reads an answer of the node.
 *
 * @throws `COC_ADMIN_PROTOCOL` if it is none.
 */
export function decodeAnswer(frames: readonly Uint8Array[]): Answer {
  const [id, kind, payload] = frames;
  if (id === undefined || kind === undefined || payload === undefined)
    throw broken("an answer is an id, a kind and a payload");
  return { id: text(id), kind: text(kind) as AnswerKind, payload };
}

/** Reads a JSON frame. */
export function parse(frame: Uint8Array): unknown {
  try {
    return JSON.parse(text(frame));
  } catch (error) {
    throw broken(`the frame ${text(frame).slice(0, 100)} is not JSON`, error);
  }
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function text(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString();
}

function broken(what: string, cause?: unknown): Error {
  const message = `the other side of the control endpoint speaks another protocol (${what}): use a client of the node's version`;
  return createError("COC_ADMIN_PROTOCOL", message, { cause });
}
