import { type CocaineError, createError, z } from "@cocaine/core/plugin";
import { kept, type Wire } from "./wire.ts";

// The wire of `server+zmq`, as the README of @cocaine/drivers-zmq has it. A frame before the delimiter tells calls apart.

const EMPTY = new Uint8Array(0);
/** Bytes of a failure that are read. */
const FAILURE_LIMIT = 1024 * 1024;

const failureSchema = z.object({ code: z.string().regex(/^COC_[A-Z_]+$/), message: z.string() });

/** Codes of servers that had not begun a job, or will not end it: another server may. */
const REFUSALS = ["COC_QUEUE_FULL", "COC_SHUTDOWN", "COC_APP_PAUSED", "COC_APP_FAILED"];

/** @param stream - whether the task answers in streams: a message for each chunk, and an empty one at the end */
export function zmqWire(stream: boolean): Wire {
  return {
    type: "server+zmq",
    encode: ({ uuid, body }) => [uuid, EMPTY, body],
    decode([tag, delimiter, ...rest], endpoint, answers) {
      if (tag === undefined || delimiter?.length !== 0 || rest.length === 0) {
        return answers.unreadable("it has no tag, delimiter and answer");
      }
      const id = Buffer.from(tag.buffer, tag.byteOffset, tag.length).toString("latin1");
      const [first = EMPTY, failure] = rest;
      if (first.length === 0 && failure !== undefined) {
        const error = readFailure(failure, endpoint);
        return answers.failed(id, error, REFUSALS.includes(error.code));
      }
      for (const chunk of rest) if (chunk.length > 0) answers.chunk(id, kept(chunk));
      if (!stream || first.length === 0) answers.end(id);
    },
  };
}

function readFailure(frame: Uint8Array, endpoint: string): CocaineError {
  try {
    if (frame.length > FAILURE_LIMIT) throw new Error(`it has ${frame.length} bytes`);
    const { code, message } = failureSchema.parse(JSON.parse(Buffer.from(frame).toString()));
    return createError(code as CocaineError["code"], `${endpoint} answered: ${message}`, { details: { endpoint } });
  } catch (cause) {
    return createError("COC_CLIENT_PROTOCOL", `${endpoint} answered with a failure that cannot be read`, { cause });
  }
}
