import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Dealer } from "zeromq";
import { connect, envelope } from "./support/lsd.ts";
import { serve } from "./support/serve.ts";

const COUNT = 10_000;
const MIB = 1024 * 1024;

const json = fc.oneof(
  fc.record(
    {
      uuid: fc.oneof({ weight: 9, arbitrary: fc.string({ maxLength: 40 }) }, { weight: 1, arbitrary: fc.anything() }),
      urgent: fc.oneof(fc.boolean(), fc.string()),
      mailboxed: fc.boolean(),
      timeout: fc.oneof(fc.double({ min: 5, max: 1e6 }), fc.integer(), fc.string()),
      deadline: fc.oneof(fc.constant(0), fc.double(), fc.constant(Date.now() / 1000 + 60)),
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
);
const text = json.map((value) => Buffer.from(JSON.stringify(value) ?? ""));
const good = fc.uuid().map((uuid) => Buffer.from(envelope(uuid)));
const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
const cut = fc.tuple(text, fc.nat(30)).map(([frame, at]) => frame.subarray(0, at));
const frame = fc.oneof(
  { weight: 3, arbitrary: good },
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: cut },
  { weight: 2, arbitrary: bytes },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
  { weight: 1, arbitrary: fc.integer({ min: 4000, max: 6000 }).map((size) => Buffer.alloc(size, "[")) },
);
const framed = fc.array(frame, { minLength: 1, maxLength: 9 });
const messages = fc.oneof(
  { weight: 5, arbitrary: framed.map((frames) => [Buffer.alloc(0), ...frames]) },
  { weight: 1, arbitrary: framed },
);

test(`${COUNT} random messages crash nothing, leave nothing, and are each answered as often as they must be`, async () => {
  const { endpoint, info } = await serve({ engine: { "queue-limit": 100_000, concurrency: 64 } });
  const socket = new Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  socket.connect(endpoint("echo"));
  let ends = 0;
  const reading = (async () => {
    for await (const frames of socket) {
      const at = frames.findIndex((each) => each.length === 0);
      const head = JSON.parse(String(frames[at + 1]));
      if (head.completed === true || head.code !== undefined) ends++;
      expect(typeof head.uuid).toBe("string");
    }
  })();
  const round = async (seed: number, count: number) => {
    const sent = fc.sample(messages, { numRuns: count, seed });
    for (const message of sent) await socket.send(message);
    // A pair has one end; a message without delimiter or pairs has one as well.
    const expected = sent.map((frames) => {
      const at = frames.findIndex((each) => each.length === 0);
      return at < 0 ? 1 : Math.max(1, Math.ceil((frames.length - at - 1) / 2));
    });
    return expected.reduce((sum, one) => sum + one, 0);
  };
  const seed = Math.floor(Math.random() * 2 ** 31);
  let expected = await round(seed, COUNT / 2);
  await vi.waitFor(() => expect(ends, `seed ${seed}`).toBe(expected), { timeout: 20_000 });
  const before = process.memoryUsage().rss;
  expected += await round(seed + 1, COUNT / 2);
  await vi.waitFor(() => expect(ends, `seed ${seed}`).toBe(expected), { timeout: 20_000 });
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  const counts = info("echo");
  expect(counts).toMatchObject({ clients: 1, running: 0, abandoned: 0 });
  expect((counts.requests as number) + (counts.refused as number)).toBe(expected);
  socket.close();
  await reading.catch(() => undefined);
  const client = connect(endpoint("echo"));
  client.ask("after", "x");
  expect(await client.all()).toEqual([
    { uuid: "after", chunk: "x" },
    { uuid: "after", completed: true },
  ]);
});
