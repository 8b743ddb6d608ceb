import { type CocaineError, createError, type ErrorCode, z } from "@cocaine/core/plugin";
import type { Frame } from "@cocaine/zmtp";
import type { Call } from "../dispatch/call.ts";
import { type Answers, kept, type Wire } from "./wire.ts";

// The wire of `server+lsd`, as it was in December 2011.

/** Bytes of an answer's head: the uuid and a message. */
const HEAD_LIMIT = 1024 * 1024;
/** The code of a server that takes nothing more now. */
const RESOURCE = 503;

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "COC_LSD_REQUEST",
  502: "COC_LSD_APP",
  [RESOURCE]: "COC_LSD_RESOURCE",
  504: "COC_LSD_TIMEOUT",
  520: "COC_DEADLINE",
};

const EMPTY = new Uint8Array(0);

const schema = z.object({
  uuid: z.string(),
  completed: z.boolean().optional(),
  code: z.int().optional(),
  message: z.string().default(""),
});

/** A request, as it was in December 2011: times are seconds, 0 is none. */
function encode({ uuid, body, policy, deadline }: Call): Frame[] {
  const envelope = {
    uuid,
    urgent: policy.urgent,
    mailboxed: policy.mailboxed,
    timeout: policy.timeout / 1000,
    deadline: deadline === Number.POSITIVE_INFINITY ? 0 : deadline / 1000,
  };
  return [EMPTY, JSON.stringify(envelope), body];
}

function decode([delimiter, head, chunk]: readonly Uint8Array[], endpoint: string, answers: Answers): void {
  if (delimiter?.length !== 0 || head === undefined) return answers.unreadable("it has no delimiter and head");
  if (head.length > HEAD_LIMIT) return answers.unreadable(`its head has ${head.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(head.buffer, head.byteOffset, head.length).toString());
  } catch (error) {
    return answers.unreadable((error as Error).message);
  }
  const { success, data } = schema.safeParse(value);
  if (!success) return answers.unreadable("its head says neither uuid nor code");
  const { uuid, completed, code, message } = data;
  if (code !== undefined) answers.failed(uuid, answered(endpoint, code, message), code === RESOURCE);
  else if (completed === true) answers.end(uuid);
  else if (chunk === undefined) answers.unreadable("it has no chunk, end or code");
  else answers.chunk(uuid, kept(chunk));
}

/** A server answered with a code of LSD. */
function answered(endpoint: string, code: number, message: string): CocaineError {
  return createError(CODES[code] ?? "COC_LSD_SERVER", `${endpoint} answered ${code}: ${message}`, {
    details: { endpoint, code, message },
  });
}

export const lsdWire: Wire = { type: "server+lsd", encode, decode };
