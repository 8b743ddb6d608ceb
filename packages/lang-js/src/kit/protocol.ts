// The kit reads and writes the frames of docs/worker-protocol.md by itself: the codec of @cocaine/core decodes every
// text of a message, and app code asks for few of them.

/** The longest text of an error or a log line that is sent, in characters: far within a frame. */
const TEXT_LIMIT = 100_000;

/** Number of the job in a message's header. */
export function jobOf(header: Buffer): number {
  return header.readUInt32BE(4);
}

/** The body of CREDIT. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A frame of text. */
export function textFrame(text: string): string {
  return text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT)}…` : text;
}

/** A frame of JSON; data that is no JSON or too long is replaced by a word about it. */
export function jsonFrame(value: Record<string, unknown>): string {
  const text = stringify(value);
  return text.length > TEXT_LIMIT ? '{"omitted":"too long"}' : text;
}

/** The frames of ERROR for whatever app code threw. */
export function failureFrames(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) {
    const text = typeof thrown === "object" && thrown !== null ? stringify({ thrown }) : String(thrown);
    return [textFrame("Error"), textFrame(text)];
  }
  return [textFrame(thrown.name), textFrame(thrown.message), jsonFrame({ stack: thrown.stack })];
}

function stringify(value: Record<string, unknown>): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    return JSON.stringify({ omitted: error instanceof Error ? error.message : String(error) });
  }
}
