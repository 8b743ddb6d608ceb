import { z } from "@cocaine/core/plugin";

/** Letters of a uuid: it comes back with every chunk. */
const UUID_LIMIT = 256;

const seconds = z.number().nonnegative();

/** What an envelope says. Members that later clients send beside these are passed over. */
const schema = z.object({
  /** The client's name of the request; comes back as it is. */
  uuid: z.string().min(1).max(UUID_LIMIT),
  /** Goes before the jobs that are not urgent. */
  urgent: z.boolean().default(false),
  /** Asks for nothing that a server does: see the README. */
  mailboxed: z.boolean().default(false),
  /** Seconds that the job may take from now on; 0 is none. */
  timeout: seconds.default(0),
  /** Seconds since the epoch by which it must have ended; 0 is none. */
  deadline: seconds.default(0),
});

export type Envelope = z.infer<typeof schema>;

/** An envelope that cannot be served: why, and the uuid if so much could be read of it. */
export interface BadEnvelope {
  readonly uuid: string;
  readonly why: string;
}

/**
 * Reads an envelope.
 *
 * @param limit - bytes that it may have; a longer one is not looked at.
 */
export function readEnvelope(frame: Uint8Array, limit: number): Envelope | BadEnvelope {
  if (frame.length > limit) {
    return { uuid: "", why: `the envelope has ${frame.length} bytes, ${limit} at the most (limits.envelope)` };
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString());
  } catch (error) {
    return { uuid: "", why: `the envelope is not JSON: ${(error as Error).message}` };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "envelope"}: ${message}`);
  return { uuid: uuidOf(value), why: `the envelope is not valid: ${issues.join("; ")}` };
}

function uuidOf(value: unknown): string {
  const uuid = schema.shape.uuid.safeParse((value as { uuid?: unknown } | null)?.uuid);
  return uuid.success ? uuid.data : "";
}
