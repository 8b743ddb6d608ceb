import { createError } from "../errors.ts";
import { Code, type EngineMessage, FLAG_END, FRAME_LIMIT, type Hello, type WorkerMessage } from "./messages.ts";

// Frames of the worker protocol, version 1 (docs/worker-protocol.md). One function a direction and way, so that what a
// side may say is checked where it is read.

const HEADER = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function header(code: number, job: number, end: boolean): Uint8Array {
  return writeHeader(Buffer.allocUnsafe(HEADER), code, job, end);
}

function writeHeader(frame: Uint8Array, code: number, job: number, end: boolean): Uint8Array {
  frame[0] = code;
  frame[1] = end ? FLAG_END : 0;
  frame[2] = 0;
  frame[3] = 0;
  frame[4] = job >>> 24;
  frame[5] = job >>> 16;
  frame[6] = job >>> 8;
  frame[7] = job;
  return frame;
}

function uint32(value: number): Uint8Array {
  const frame = Buffer.allocUnsafe(4);
  frame.writeUInt32BE(value);
  return frame;
}

function json(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

const EMPTY = new Uint8Array(0);

function text(value: string): Uint8Array {
  return Buffer.from(value, "utf8");
}

/** A frame to be sent: bytes, or text that is to be written as UTF-8. */
export type MessageFrame = Uint8Array | string;

/**
 * Writes messages to workers.
 *
 * @returns the frames of a message. Frame 0 is written anew by the next call: send or copy it before.
 */
export function createEngineEncoder(): (message: EngineMessage) => MessageFrame[] {
  const head = Buffer.alloc(HEADER);
  return (message) => {
    switch (message.code) {
      case Code.INVOKE:
        writeHeader(head, message.code, message.job, message.end);
        if (message.chunk === undefined) return [head, message.method, message.metadata];
        return [head, message.method, message.metadata, message.chunk];
      case Code.WRITE:
        writeHeader(head, message.code, message.job, message.end);
        return message.chunk === undefined ? [head] : [head, message.chunk];
      case Code.CREDIT:
        return [writeHeader(head, message.code, message.job, false), uint32(message.bytes)];
      case Code.CANCEL:
        return [writeHeader(head, message.code, message.job, false), message.reason];
      case Code.TERMINATE:
        return [writeHeader(head, message.code, 0, false), message.reason];
    }
  };
}

/** Frames of a message to the engine. */
export function encodeWorkerMessage(message: WorkerMessage): Uint8Array[] {
  switch (message.code) {
    case Code.CHUNK:
      return [header(message.code, message.job, message.end), message.chunk];
    case Code.CHOKE:
      return [header(message.code, message.job, true)];
    case Code.CREDIT:
      return [header(message.code, message.job, false), uint32(message.bytes)];
    case Code.HEARTBEAT:
      return [header(message.code, 0, false)];
    case Code.RETIRE:
      return [header(message.code, 0, false), text(message.reason)];
    case Code.HELLO:
      return [header(message.code, 0, false), json(message.hello)];
    case Code.ERROR: {
      const frames = [header(message.code, message.job, true), text(message.error), text(message.message)];
      if (message.details !== undefined) frames.push(json(message.details));
      return frames;
    }
    case Code.LOG: {
      const frames = [header(message.code, message.job, false), text(message.level), text(message.message)];
      if (message.fields !== undefined) frames.push(json(message.fields));
      return frames;
    }
  }
}

/**
 * Reads a message of a worker.
 *
 * @returns the message; its chunk is a view of the frame.
 * @throws `COC_PROTOCOL` with what is wrong; the engine then ends the worker.
 */
export function decodeWorkerMessage(frames: readonly Uint8Array[]): WorkerMessage {
  const head = headOf(frames);
  const job = jobOf(head);
  switch (head[0]) {
    case Code.CHUNK:
      expect(frames, 2, 2, "CHUNK");
      return { code: Code.CHUNK, job: named(job, "CHUNK"), chunk: frames[1] as Uint8Array, end: endOf(head) };
    case Code.CHOKE:
      expect(frames, 1, 1, "CHOKE");
      return { code: Code.CHOKE, job: named(job, "CHOKE") };
    case Code.CREDIT:
      return { code: Code.CREDIT, job: named(job, "CREDIT"), bytes: creditOf(frames) };
    case Code.HEARTBEAT:
      expect(frames, 1, 1, "HEARTBEAT");
      return { code: Code.HEARTBEAT };
    case Code.RETIRE:
      expect(frames, 2, 2, "RETIRE");
      return { code: Code.RETIRE, reason: readText(frames[1], "RETIRE reason") };
    case Code.HELLO:
      expect(frames, 2, 2, "HELLO");
      return { code: Code.HELLO, hello: helloOf(readJson(frames[1], "HELLO")) };
    case Code.ERROR:
      expect(frames, 3, 4, "ERROR");
      return {
        code: Code.ERROR,
        job: named(job, "ERROR"),
        error: readText(frames[1], "ERROR code"),
        message: readText(frames[2], "ERROR message"),
        details: frames.length > 3 ? readJson(frames[3], "ERROR details") : undefined,
      };
    case Code.LOG:
      expect(frames, 3, 4, "LOG");
      return {
        code: Code.LOG,
        job,
        level: readText(frames[1], "LOG level"),
        message: readText(frames[2], "LOG message"),
        fields: frames.length > 3 ? objectOf(readJson(frames[3], "LOG fields"), "LOG fields") : undefined,
      };
    default:
      throw protocolError(`unknown code ${head[0]}`);
  }
}

/**
 * Reads a message of the engine.
 *
 * @returns the message, or `undefined` for a code that this version does not know: workers ignore those.
 * @throws `COC_PROTOCOL` with what is wrong.
 */
export function decodeEngineMessage(frames: readonly Uint8Array[]): EngineMessage | undefined {
  const head = headOf(frames);
  const job = jobOf(head);
  const end = endOf(head);
  switch (head[0]) {
    case Code.INVOKE:
      expect(frames, 3, 4, "INVOKE");
      return {
        code: Code.INVOKE,
        job: named(job, "INVOKE"),
        method: readText(frames[1], "INVOKE method"),
        metadata: readText(frames[2], "INVOKE metadata"),
        chunk: frames[3],
        end,
      };
    case Code.WRITE:
      expect(frames, 1, 2, "WRITE");
      return { code: Code.WRITE, job: named(job, "WRITE"), chunk: frames[1], end };
    case Code.CREDIT:
      return { code: Code.CREDIT, job: named(job, "CREDIT"), bytes: creditOf(frames) };
    case Code.CANCEL:
      expect(frames, 2, 2, "CANCEL");
      return { code: Code.CANCEL, job: named(job, "CANCEL"), reason: readText(frames[1], "CANCEL reason") };
    case Code.TERMINATE:
      expect(frames, 2, 2, "TERMINATE");
      return { code: Code.TERMINATE, reason: readText(frames[1], "TERMINATE reason") };
    default:
      return undefined;
  }
}

function headOf(frames: readonly Uint8Array[]): Uint8Array {
  const head = frames[0];
  if (head === undefined || head.length !== HEADER) {
    throw protocolError(`frame 0 has ${head?.length ?? 0} bytes, expected ${HEADER}`);
  }
  return head;
}

function endOf(head: Uint8Array): boolean {
  return ((head[1] as number) & FLAG_END) !== 0;
}

function jobOf(head: Uint8Array): number {
  const [a, b, c, d] = [head[4], head[5], head[6], head[7]] as [number, number, number, number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function named(job: number, name: string): number {
  if (job === 0) throw protocolError(`${name} names no job`);
  return job;
}

function expect(frames: readonly Uint8Array[], least: number, most: number, name: string): void {
  if (frames.length < least || frames.length > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    throw protocolError(`${name} has ${frames.length} frames, expected ${wanted}`);
  }
  for (const frame of frames) {
    if (frame.length > FRAME_LIMIT)
      throw protocolError(`${name} has a frame of ${frame.length} bytes, the limit is ${FRAME_LIMIT}`);
  }
}

function creditOf(frames: readonly Uint8Array[]): number {
  expect(frames, 2, 2, "CREDIT");
  const frame = frames[1] ?? EMPTY;
  if (frame.length !== 4) throw protocolError(`CREDIT has ${frame.length} bytes, expected 4`);
  return Buffer.from(frame.buffer, frame.byteOffset, 4).readUInt32BE();
}

function helloOf(value: unknown): Hello {
  const { protocol, pid, language, kit, progress, methods } = objectOf(value, "HELLO");
  if (protocol !== 1) throw protocolError(`HELLO speaks protocol ${JSON.stringify(protocol)}, this engine speaks 1`);
  if (typeof pid !== "number" || typeof language !== "string" || typeof kit !== "string") {
    throw protocolError("HELLO must say pid (number), language and kit (strings)");
  }
  return {
    protocol,
    pid,
    language,
    kit,
    progress: progress === true,
    methods: Array.isArray(methods) ? methods.filter((name) => typeof name === "string") : undefined,
  };
}

function readText(frame: Uint8Array | undefined, name: string): string {
  try {
    return decoder.decode(frame);
  } catch (cause) {
    throw protocolError(`${name} is not UTF-8`, cause);
  }
}

function readJson(frame: Uint8Array | undefined, name: string): unknown {
  try {
    return JSON.parse(readText(frame, name));
  } catch (cause) {
    throw protocolError(`${name} is not JSON`, cause);
  }
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw protocolError(`${name} is not an object`);
  return value as Record<string, unknown>;
}

function protocolError(message: string, cause?: unknown): Error {
  return createError("COC_PROTOCOL", `worker protocol: ${message}`, { cause });
}
