import { connect } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { curveKeyPair } from "zeromq";
import { rawZmqDriver } from "../../src/index.ts";
import { dealer, receive, request } from "../support/clients.ts";
import { echo, serve, start } from "../support/serve.ts";

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

test("bytes that are no handshake, also half of one, do not hurt a server with keys", async () => {
  const { publicKey, secretKey } = curveKeyPair();
  const curve = { "secret-key": secretKey, "allowed-keys": "any" as const };
  const { endpoint, info } = await serve(echo, { curve });
  const greeting = Buffer.alloc(64);
  Buffer.from("ff00000000000000017f0301", "hex").copy(greeting);
  greeting.write("CURVE", 12);
  const hello = Buffer.concat([Buffer.from([4, 200, 5]), Buffer.from("HELLO"), Buffer.alloc(194, 7)]);
  const noise = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 400 }), 300);
  const ends = noise.map(
    (bytes, at) =>
      new Promise<void>((resolve) => {
        const socket = connect(Number(endpoint.split(":").at(-1)), "127.0.0.1");
        socket.on("error", () => undefined).on("close", () => resolve());
        const before = [Buffer.alloc(0), greeting, Buffer.concat([greeting, hello])][at % 3] as Buffer;
        socket.end(Buffer.concat([before, bytes]));
        socket.resume();
      }),
  );
  await Promise.all(ends);
  const client = request(endpoint, { curveServerKey: publicKey, curvePublicKey: publicKey, curveSecretKey: secretKey });
  await client.send("still here");
  expect(await receive(client)).toEqual(["still here"]);
  expect(info()).toMatchObject({ requests: 1, running: 0 });
});

test("random messages to a raw ROUTER are each answered once with their frames", async () => {
  const { endpoint, info } = await start(rawZmqDriver(), echo, { socket: "router", bind: "tcp://lo:0" });
  const socket = dealer(endpoint, { sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  const sent = fc.sample(messages, 5000);
  const collecting = (async () => {
    const replies: string[][] = [];
    while (replies.length < sent.length) replies.push(await receive(socket));
    return replies;
  })();
  for (const frames of sent) await socket.send(frames);
  const chunksOf = (frames: string[]) => {
    const chunks = frames.filter((chunk) => chunk !== "");
    return chunks.length > 0 ? chunks : [""];
  };
  expect(sorted(await collecting)).toEqual(sorted(sent.map(chunksOf)));
  expect(info()).toMatchObject({ running: 0, failures: 0 });
});
