import { createLsdClient } from "@cocaine/client";
import { isCocaineError } from "@cocaine/core";
import { expect, onTestFinished, test, vi } from "vitest";
import { serve } from "./support/serve.ts";

const soon = { timeout: 15_000, interval: 20 };

function connect(endpoint: string, silence = 5000) {
  const client = createLsdClient({ endpoints: [endpoint], silence, policy: { maxRetries: 0 } });
  onTestFinished(() => client.close());
  client.start();
  const ask = async (body: string, policy = {}) => {
    let text = "";
    for await (const chunk of client.call(body, policy)) text += Buffer.from(chunk);
    return text;
  };
  return { client, ask };
}

test("a server that reads nothing, since its queue is full, is not taken for dead", async () => {
  const { endpoint, info } = await serve({
    engine: { concurrency: 1, "queue-limit": 1, prefetch: 0 },
    task: { overflow: "block" },
  });
  const { client, ask } = connect(endpoint("sleep"), 2500);
  const asked = ["5000", "1", "2", "3", "4"].map((body) => ask(body));
  await vi.waitFor(() => expect(client.info().open).toBe(5), soon);
  expect(await Promise.all(asked)).toEqual(Array(5).fill("slept"));
  expect(client.info()).toMatchObject({ resent: 0, open: 0 });
  expect(info("sleep")).toMatchObject({ clients: 1, requests: 5, abandoned: 0 });
});

test("each way in which a job fails has a code of its own at the client", async () => {
  const { endpoint } = await serve();
  const code = (asked: Promise<string>) =>
    asked.then(String, (error: unknown) => (isCocaineError(error) ? error.code : error));
  const { ask: sleep } = connect(endpoint("sleep"));
  expect(await code(sleep("60000", { timeout: 100 }))).toBe("COC_LSD_TIMEOUT");
  expect(await code(sleep("60000", { deadline: Date.now() + 200 }))).toBe("COC_DEADLINE");
  expect(await code(connect(endpoint("fail")).ask("x"))).toBe("COC_LSD_APP");
  expect(await code(connect(endpoint("half")).ask("x"))).toBe("COC_LSD_APP");
  expect(await code(connect(endpoint("words")).ask("a b c"))).toBe("abc");
});

test("a large request and its response come through whole", async () => {
  const { endpoint } = await serve();
  const { client } = connect(endpoint("echo"));
  const body = Buffer.alloc(20 * 1024 * 1024, "cocaine");
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.call(body)) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(body)).toBe(true);
});
