import { isCocaineError } from "@cocaine/core";
import { expect, test, vi } from "vitest";
import type { LsdCallPolicy } from "../../src/index.ts";
import { fixture, startHosts } from "../support/hosts.ts";
import { ask, soon, startClient } from "../support/servers.ts";

const names = ["echo", "words", "fail", "half", "sleep"];

/** Starts a node whose app has a server for each method. */
async function serve(limits = {}, task = {}) {
  const server = { type: "server+lsd", endpoint: "tcp://127.0.0.1:0", ...task };
  const [host] = await startHosts(
    ["a"],
    fixture("lsd.mjs"),
    Object.fromEntries(names.map((name) => [name, server])),
    limits,
  );
  const info = (name: string) => host?.app("shop").tasks[name]?.driver as { endpoints: string[] };
  const connect = (name: string, silence = 5000) => {
    const { client } = startClient(info(name).endpoints, { silence, policy: { maxRetries: 0 } });
    return { client, ask: (body: string, policy: LsdCallPolicy = {}) => ask(client, body, policy) };
  };
  return { info, connect };
}

test("a server that reads nothing, since its queue is full, is not taken for dead", async () => {
  const { connect, info } = await serve({ "queue-limit": 1 }, { overflow: "block" });
  const { client, ask } = connect("sleep", 2500);
  const asked = ["5000", "1", "2", "3", "4"].map((body) => ask(body));
  await vi.waitFor(() => expect(client.info().open).toBe(5), soon);
  expect(await Promise.all(asked)).toEqual(Array(5).fill("slept"));
  expect(client.info()).toMatchObject({ resent: 0, open: 0 });
  expect(info("sleep")).toMatchObject({ clients: 1, requests: 5, abandoned: 0 });
});

test("each way in which a job fails has a code of its own at the client", async () => {
  const { connect } = await serve();
  const code = (asked: Promise<string>) =>
    asked.then(String, (error: unknown) => (isCocaineError(error) ? error.code : error));
  const { ask: sleep } = connect("sleep");
  expect(await code(sleep("60000", { timeout: 100 }))).toBe("COC_LSD_TIMEOUT");
  expect(await code(sleep("60000", { deadline: Date.now() + 200 }))).toBe("COC_DEADLINE");
  expect(await code(connect("fail").ask("x"))).toBe("COC_LSD_APP");
  expect(await code(connect("half").ask("x"))).toBe("COC_LSD_APP");
  expect(await code(connect("words").ask("a b c"))).toBe("abc");
});

test("a large request and its response come through whole", async () => {
  const { connect } = await serve();
  const { client } = connect("echo");
  const body = Buffer.alloc(20 * 1024 * 1024, "cocaine");
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.call(body)) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(body)).toBe(true);
});
