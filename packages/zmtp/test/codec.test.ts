import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDecoder, createEncoder, type Frame, ZmtpError } from "../src/index.ts";

const LIMITS = { frame: 1 << 20, message: 1 << 21, frames: 16 };

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  // Around the lengths at which the encoding changes: 255 to 256, and copied or not.
  fc.constantFrom(254, 255, 256, 257, 4095, 4096, 4097, 70_000).map((length) => new Uint8Array(length).fill(length)),
);
const messages = fc.array(fc.array(bytes, { minLength: 1, maxLength: 5 }), { maxLength: 12 });

function encode(all: readonly (readonly Frame[])[]): Buffer {
  const encoder = createEncoder();
  for (const frames of all) encoder.message(frames);
  const { length } = encoder;
  const encoded = Buffer.concat(encoder.take());
  expect(encoded.length).toBe(length);
  return encoded;
}

function decode(encoded: Uint8Array, cuts: readonly number[]): number[][][] {
  const decoded: number[][][] = [];
  const decoder = createDecoder(LIMITS, {
    message: (frames) => decoded.push(frames.map((frame) => [...frame])),
    command: () => expect.fail("there is no command"),
  });
  const places = [0, ...[...cuts].map((cut) => cut % (encoded.length + 1)).sort((a, b) => a - b), encoded.length];
  for (let index = 1; index < places.length; index++) {
    decoder.push(Buffer.from(encoded.subarray(places[index - 1], places[index])));
  }
  return decoded;
}

describe("the codec", () => {
  it("reads any messages as they were written, however the stream is cut", () => {
    fc.assert(
      fc.property(messages, fc.array(fc.nat(), { maxLength: 20 }), (all, cuts) => {
        expect(decode(encode(all), cuts)).toEqual(all.map((frames) => frames.map((frame) => [...frame])));
      }),
    );
  });

  it("reads a stream byte by byte", () => {
    const all = [[new Uint8Array(0)], [new Uint8Array(300).fill(1), new Uint8Array(2)]];
    const encoded = encode(all);
    expect(decode(encoded, [...encoded.keys()])).toEqual(all.map((frames) => frames.map((frame) => [...frame])));
  });

  it("writes text as its UTF-8", () => {
    const long = fc.string({ unit: "binary", minLength: 4000, maxLength: 5000 });
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: "binary" }), long), { minLength: 1, maxLength: 4 }), (frames) => {
        const wellFormed = frames.map((frame) => frame.toWellFormed());
        expect(encode([wellFormed])).toEqual(encode([wellFormed.map((frame) => Buffer.from(frame))]));
      }),
    );
  });

  it.each([
    ["a frame over its limit", [0x02, 0, 0, 0, 0, 0, 0x10, 0, 1], "COC_ZMTP_LIMIT"],
    ["a frame of 2^63 bytes", [0x02, 0x80, 0, 0, 0, 0, 0, 0, 0], "COC_ZMTP_LIMIT"],
    ["a command over 64 KiB", [0x06, 0, 0, 0, 0, 0, 1, 0, 1], "COC_ZMTP_LIMIT"],
    ["reserved flags", [0x08, 0], "COC_ZMTP_PROTOCOL"],
    ["a command with more frames", [0x05, 0], "COC_ZMTP_PROTOCOL"],
    ["more frames than its limit", Array.from({ length: 17 }, () => [0x01, 0]).flat(), "COC_ZMTP_LIMIT"],
  ])("refuses %s when it is announced", (_name, announced, code) => {
    const decoder = createDecoder(LIMITS, { message: () => undefined, command: () => undefined });
    const error = (() => {
      try {
        decoder.push(Buffer.from(announced));
      } catch (thrown) {
        return thrown;
      }
      return expect.fail("it was taken");
    })();
    expect(error).toBeInstanceOf(ZmtpError);
    expect(error).toMatchObject({ code });
  });

  it("refuses a message that is too long by its frames together", () => {
    const decoder = createDecoder(
      { frame: 100, message: 150, frames: 9 },
      { message: () => undefined, command: () => undefined },
    );
    expect(() => decoder.push(Buffer.from([1, 100, ...new Array(100).fill(0), 0, 51]))).toThrow(
      "announces 151 bytes, the limit is 150",
    );
  });

  it("joins a long frame once, however many pieces it comes in", () => {
    const size = 32 << 20;
    const body = Buffer.alloc(size, 7);
    const encoded = encode([[body]]);
    let got = 0;
    const decoder = createDecoder(
      { frame: size, message: size, frames: 2 },
      { message: ([frame]) => (got = frame?.length ?? 0), command: () => undefined },
    );
    const before = performance.now();
    for (let at = 0; at < encoded.length; at += 4096) decoder.push(encoded.subarray(at, at + 4096));
    expect(got).toBe(size);
    // 8,192 pieces: joined at each of them, it would copy 128 GiB.
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it("takes 100,000 random and mutated streams with a message or a ZmtpError", () => {
    const good = encode([[Buffer.from("one"), Buffer.alloc(300)], [Buffer.from("two")]]);
    let seed = 42;
    const random = (below: number) => {
      // Numerical Recipes' linear congruential generator: the same inputs in every run.
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 0x1_0000_0000) * below);
    };
    for (let round = 0; round < 100_000; round++) {
      const input =
        round % 2 === 0 ? Buffer.from(good) : Buffer.from(Array.from({ length: random(40) }, () => random(256)));
      for (let flips = random(4); flips > 0 && input.length > 0; flips--) input[random(input.length)] = random(256);
      const decoder = createDecoder(LIMITS, { message: () => undefined, command: () => undefined });
      const cut = random(input.length + 1);
      try {
        decoder.push(input.subarray(0, cut));
        decoder.push(input.subarray(cut));
      } catch (error) {
        if (!(error instanceof ZmtpError)) throw error;
      }
    }
  });
});
