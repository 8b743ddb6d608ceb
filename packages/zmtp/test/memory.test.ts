import { expect, it, vi } from "vitest";
import { createDecoder } from "../src/index.ts";
import { bound, connected } from "./support/sockets.ts";
import { commandOf, dealerMetadata, greetingOf, stranger } from "./support/stranger.ts";

const soon = { timeout: 20_000 };
const MIB = 1 << 20;

it("a frame that comes byte by byte takes little more than its bytes", () => {
  const size = 2 * MIB;
  let got: Uint8Array | undefined;
  const decoder = createDecoder(
    { frame: size, message: size, frames: 1 },
    { message: ([frame]) => (got = frame), command: () => undefined },
  );
  decoder.push(Buffer.from([2, 0, 0, 0, 0, 0, 0x20, 0, 0]));
  const before = process.memoryUsage();
  for (let count = 0; count < size - 1; count++) decoder.push(Buffer.from([count]));
  const after = process.memoryUsage();
  // A buffer for each byte would be hundreds of MiB.
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(100 * MIB);
  decoder.push(Buffer.from([size - 1]));
  expect(got?.length).toBe(size);
  expect(got?.every((byte, index) => byte === (index & 255))).toBe(true);
});

it("what follows a long frame is not kept alive by it, nor it by what follows", () => {
  const size = 8 * MIB;
  const kept: Uint8Array[] = [];
  const decoder = createDecoder(
    { frame: size, message: size, frames: 1 },
    { message: ([frame]) => kept.push(frame as Uint8Array), command: () => undefined },
  );
  decoder.push(Buffer.from([2, 0, 0, 0, 0, 0, 0x80, 0, 0]));
  decoder.push(Buffer.alloc(size - 10));
  decoder.push(Buffer.concat([Buffer.alloc(10), Buffer.from([0, 3, 97, 98, 99, 0, 2, 100])]));
  decoder.push(Buffer.from([101]));
  expect(kept.map((frame) => frame.length)).toEqual([size, 3, 2]);
  expect(kept.slice(1).map(String)).toEqual(["abc", "de"]);
  expect(kept.slice(1).every((frame) => frame.buffer.byteLength < MIB)).toBe(true);
});

it("a peer that asks for PONG without end and reads none does not fill the memory", async () => {
  const { endpoint, router } = await bound({ highWaterMark: 64 * 1024 });
  const flooder = await stranger(endpoint, greetingOf(), commandOf("READY", dealerMetadata));
  await vi.waitFor(() => expect(router.peers).toBe(1), soon);
  const good = await connected(endpoint);
  flooder.socket.pause();
  const pings = Buffer.concat(Array.from({ length: 5000 }, () => commandOf("PING", Buffer.alloc(18))));
  const before = process.memoryUsage();
  for (let count = 0; count < 500; count++) {
    if (!flooder.socket.write(pings)) await new Promise((resolve) => flooder.socket.once("drain", resolve));
  }
  const after = process.memoryUsage();
  // 57 MiB of answers.
  expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(40 * MIB);
  good.dealer.send(["well"]);
  await vi.waitFor(() => expect(good.messages).toEqual([["well"]]), soon);
});
