import fc from "fast-check";
import { expect, test } from "vitest";
import { dealer, receive, request } from "../support/clients.ts";
import { echo, serve } from "../support/serve.ts";

const COUNT = 20_000;

const frame = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  { weight: 6, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ minLength: 250, maxLength: 600 }) },
);
const messages = fc.array(frame, { minLength: 1, maxLength: 8 });

/** What an echo must answer: a message's own envelope, then its chunks that are not empty. */
function expected(frames: string[]): string[] {
  const at = frames.indexOf("");
  if (at < 0) return ["", "", "COC_ZMQ_ENVELOPE"];
  const chunks = frames.slice(at + 1).filter((chunk) => chunk !== "");
  return [...frames.slice(0, at + 1), ...(chunks.length > 0 ? chunks : [""])];
}

const sorted = (all: string[][]) => all.map((frames) => JSON.stringify(frames)).sort();

test(`${COUNT} random messages are each answered once, as they must be`, async () => {
  const { endpoint, info } = await serve(echo);
  const socket = dealer(endpoint, { sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  const sent = fc.sample(messages, COUNT);

  async function collect(): Promise<string[][]> {
    const replies: string[][] = [];
    while (replies.length < COUNT) {
      const reply = await receive(socket);
      const refused = reply.length === 3 && reply[2]?.includes("COC_ZMQ_ENVELOPE");
      replies.push(refused ? ["", "", "COC_ZMQ_ENVELOPE"] : reply);
    }
    return replies;
  }

  const collecting = collect();
  for (const frames of sent) await socket.send(frames);
  expect(sorted(await collecting)).toEqual(sorted(sent.map(expected)));
  expect(info()).toMatchObject({ clients: 1, running: 0, failures: 0 });

  const other = request(endpoint);
  await other.send("still here");
  expect(await receive(other)).toEqual(["still here"]);
});
