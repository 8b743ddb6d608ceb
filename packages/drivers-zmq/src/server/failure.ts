import { type CocaineError, createError } from "@cocaine/core/plugin";

/** The delimiter, a reply without chunks, and the mark of a failure. */
export const EMPTY = new Uint8Array(0);

const encoder = new TextEncoder();

/** The frames of a failure, after the envelope: an empty one, then JSON `{code, message}`. */
export function failureFrames(error: CocaineError): Uint8Array[] {
  return [EMPTY, encoder.encode(JSON.stringify({ code: error.code, message: error.message }))];
}

// The failures that the drivers answer with by themselves.

export function noDelimiter(): CocaineError {
  return createError(
    "COC_ZMQ_ENVELOPE",
    "the message has no empty delimiter frame: send it from a REQ socket, or put an empty frame before the request",
  );
}

export function replyTooLarge(task: string, limit: number): CocaineError {
  return createError(
    "COC_ZMQ_REPLY_TOO_LARGE",
    `a reply of task "${task}" is larger than ${limit} bytes: answer less, or raise limits.reply of the task`,
  );
}
