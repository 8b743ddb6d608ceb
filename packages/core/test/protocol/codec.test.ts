import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Code,
  createEngineEncoder,
  decodeEngineMessage,
  decodeWorkerMessage,
  type EngineMessage,
  encodeWorkerMessage,
  FRAME_LIMIT,
  isCocaineError,
  type WorkerMessage,
} from "../../src/plugin.ts";

const job = fc.integer({ min: 1, max: 0xffff_ffff });
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: "grapheme" });
const object = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()), { noNullPrototype: true });

const engineMessage: fc.Arbitrary<EngineMessage> = fc.oneof(
  fc.record({
    code: fc.constant(Code.INVOKE),
    job,
    method: text,
    metadata: object.map((value) => JSON.stringify(value)),
    chunk: fc.option(bytes, { nil: undefined }),
    end: fc.boolean(),
  }),
  fc.record({ code: fc.constant(Code.WRITE), job, chunk: fc.option(bytes, { nil: undefined }), end: fc.boolean() }),
  fc.record({ code: fc.constant(Code.CREDIT), job, bytes: fc.nat(0xffff_ffff) }),
  fc.record({ code: fc.constant(Code.CANCEL), job, reason: text }),
  fc.record({ code: fc.constant(Code.TERMINATE), reason: text }),
);

const workerMessage: fc.Arbitrary<WorkerMessage> = fc.oneof(
  fc.record({ code: fc.constant(Code.CHUNK), job, chunk: bytes, end: fc.boolean() }),
  fc.record({ code: fc.constant(Code.CHOKE), job }),
  fc.record({ code: fc.constant(Code.CREDIT), job, bytes: fc.nat(0xffff_ffff) }),
  fc.record({ code: fc.constant(Code.HEARTBEAT) }),
  fc.record({ code: fc.constant(Code.RETIRE), reason: text }),
  fc.record({
    code: fc.constant(Code.ERROR),
    job,
    error: text,
    message: text,
    details: fc.oneof(fc.constant(undefined), object),
  }),
  fc.record({
    code: fc.constant(Code.LOG),
    job: fc.nat(0xffff_ffff),
    level: text,
    message: text,
    fields: fc.oneof(fc.constant(undefined), object),
  }),
  fc.record({
    code: fc.constant(Code.HELLO),
    hello: fc.record({
      protocol: fc.constant(1 as const),
      pid: fc.nat(),
      language: text,
      kit: text,
      progress: fc.boolean(),
      methods: fc.array(text),
    }),
  }),
);

describe("the worker protocol", () => {
  it("reads every message to a worker as it was written", () => {
    const encode = createEngineEncoder();
    fc.assert(
      fc.property(engineMessage, (message) => {
        expect(decodeEngineMessage(encode(message).map((frame) => Buffer.from(frame)))).toEqual(message);
      }),
    );
  });

  it("reads every message to the engine as it was written", () => {
    fc.assert(
      fc.property(workerMessage, (message) => {
        expect(decodeWorkerMessage(encodeWorkerMessage(message))).toEqual(message);
      }),
    );
  });

  it("answers any frames with a message or COC_PROTOCOL, never with another error", () => {
    const frame = fc.oneof(bytes, fc.uint8Array({ minLength: 8, maxLength: 8 }));
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 0, max: 17 }), (frames, code) => {
        if (frames[0] !== undefined && frames[0].length > 0) frames[0][0] = code;
        for (const decode of [decodeWorkerMessage, decodeEngineMessage]) {
          try {
            decode(frames);
          } catch (error) {
            expect(isCocaineError(error) && error.code).toBe("COC_PROTOCOL");
          }
        }
      }),
      { numRuns: 5000 },
    );
  });

  it("lets a worker ignore a code of a later version", () => {
    expect(decodeEngineMessage([Buffer.from([99, 0, 0, 0, 0, 0, 0, 1])])).toBeUndefined();
  });

  it.each([
    ["an unknown code", [Buffer.from([99, 0, 0, 0, 0, 0, 0, 1])], "unknown code 99"],
    ["a short header", [Buffer.from([10])], "frame 0 has 1 bytes, expected 8"],
    ["a chunk without bytes", [Buffer.from([10, 0, 0, 0, 0, 0, 0, 1])], "CHUNK has 1 frames, expected 2"],
    ["job 0", [Buffer.from([11, 0, 0, 0, 0, 0, 0, 0])], "CHOKE names no job"],
    [
      "a frame over 1 MiB",
      [Buffer.from([10, 0, 0, 0, 0, 0, 0, 1]), Buffer.alloc(FRAME_LIMIT + 1)],
      "the limit is 1048576",
    ],
    [
      "another protocol",
      [Buffer.from([14, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"protocol":2}')],
      "HELLO speaks protocol 2",
    ],
    [
      "text that is not UTF-8",
      [Buffer.from([12, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0xff])],
      "RETIRE reason is not UTF-8",
    ],
    ["broken JSON", [Buffer.from([14, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("{")], "HELLO is not JSON"],
  ])("refuses %s", (_name, frames, message) => {
    expect(() => decodeWorkerMessage(frames)).toThrow(message);
  });
});
