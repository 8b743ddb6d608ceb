import { describe, expect, it, vi } from "vitest";
import { connectClient } from "../support/dealer.ts";
import { languages, startLoaded } from "../support/host.ts";
import { processesWith } from "../support/processes.ts";
import { soon } from "../support/soon.ts";

describe.each(languages)("a $type worker", ({ type, file }) => {
  it("is replaced after its jobs under load, and no request fails", { timeout: 60_000 }, async () => {
    const engine = { "pool-min": 2, "pool-limit": 2, recycle: { jobs: 200, jitter: 50 } };
    const { endpoint, folder, host } = await startLoaded({ type, file, engine });
    const answers = await connectClient(endpoint("event")).send(3000, 16);
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(3000);
    const { ends, starts } = host.app("load").pool;
    expect(starts).toBeGreaterThanOrEqual(6);
    await vi.waitFor(() => expect(Object.keys(ends)).toEqual(["retired"]), soon);
    await vi.waitFor(async () => expect((await processesWith(folder)).length).toBeLessThanOrEqual(3), soon);
  });

  it("is replaced when its memory has grown, and no request fails", { timeout: 60_000 }, async () => {
    const engine = { "pool-limit": 1, recycle: { rss: "250MB" } };
    const { endpoint, host } = await startLoaded({ type, file, engine });
    const client = connectClient(endpoint("grow"));
    const pids = new Set<string | undefined>();
    await vi.waitFor(
      async () => {
        const [answer] = await client.send(1, 1);
        expect(answer?.error).toBeUndefined();
        pids.add(answer?.text);
        expect(pids.size).toBe(2);
      },
      { timeout: 30_000, interval: 200 },
    );
    await vi.waitFor(() => expect(host.app("load").pool.ends).toEqual({ retired: 1 }), soon);
  });
});
