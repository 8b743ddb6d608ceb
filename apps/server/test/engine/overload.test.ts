import { describe, expect, it } from "vitest";
import { connectClient } from "../support/dealer.ts";
import { held } from "../support/held.ts";
import { languages, startLoaded } from "../support/host.ts";

describe.each(languages)("more than a $type app can take", ({ type, file }) => {
  const engine = { "pool-limit": 1, concurrency: 1, "queue-limit": 5 };

  it("is answered over HTTP with 503 and Retry-After, and the queue stays bounded", async () => {
    const { endpoint, host } = await startLoaded({ type, file, engine });
    const url = endpoint("sleep");
    const responses = await Promise.all(Array.from({ length: 40 }, () => fetch(url, { method: "POST", body: "x" })));
    const refused = responses.filter(({ status }) => status === 503);
    const served = responses.filter(({ status }) => status !== 503);
    // One runs and five wait; where requests come slowly, a job has ended meanwhile and made room for another.
    expect(served.length).toBeGreaterThanOrEqual(6);
    expect(refused.length).toBe(40 - served.length);
    expect(refused).not.toHaveLength(0);
    expect(await refused[0]?.json()).toMatchObject({ code: "COC_QUEUE_FULL" });
    expect(refused[0]?.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(host.app("load").queue).toMatchObject({ depth: 0, limit: 5 });
  });

  it("is answered over ZeroMQ with an error, and nothing grows", { timeout: 60_000 }, async () => {
    const { endpoint, host } = await startLoaded({ type, file, engine });
    const client = connectClient(endpoint("event"));
    await client.send(20_000, 1000);
    const before = held();
    const answers = await client.send(60_000, 1000);
    const codes = new Set(answers.map(({ error }) => error?.code));
    expect(codes).toEqual(new Set([undefined, "COC_QUEUE_FULL"]));
    expect(host.app("load").queue.depth).toBe(0);
    expect(held() - before).toBeLessThan(64 * 1024 * 1024);
  });

  it("waits at its senders where the task blocks, and none of it is lost", { timeout: 60_000 }, async () => {
    const { endpoint, host } = await startLoaded({ type, file, engine, task: { overflow: "block" } });
    let deepest = 0;
    const watch = setInterval(() => {
      deepest = Math.max(deepest, host.app("load").queue.depth);
    }, 1);
    const client = connectClient(endpoint("event"));
    const url = endpoint("sleep");
    const [answers, responses] = await Promise.all([
      client.send(5000, 1000, () => {
        deepest = Math.max(deepest, host.app("load").queue.depth);
      }),
      Promise.all(
        Array.from({ length: 40 }, async (_, number) => {
          const response = await fetch(url, { method: "POST", body: `body ${number}` });
          await response.arrayBuffer();
          return response.status;
        }),
      ),
    ]);
    clearInterval(watch);
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(5000);
    expect(responses).not.toContain(503);
    expect(deepest).toBeLessThanOrEqual(5);
  });
});
