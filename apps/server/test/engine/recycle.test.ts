import { describe, expect, it, vi } from "vitest";
import { connectClient } from "../support/dealer.ts";
import { languages, startLoaded } from "../support/host.ts";
import { processesWith } from "../support/processes.ts";
import { soon } from "../support/soon.ts";

describe.each(languages)("a $type worker", ({ type, file }) => {
  it("is replaced after its jobs under load, and no request fails", { timeout: 60_000 }, async () => {
    const engine = { "pool-min": 2, "pool-limit": 2, recycle: { jobs: 200, jitter: 50 } };
    const { endpoint, folder, host } = await startLoaded({ type, file, engine });
    const client = connectClient(endpoint("event"));
    const texts = new Set<string | undefined>();
    let sent = 0;
    // Where a worker takes long to start, the one before it ends more jobs until then.
    while (host.app("load").pool.starts < 6) {
      sent += 500;
      for (const { error, text } of await client.send(500, 16)) {
        expect(error).toBeUndefined();
        texts.add(text);
      }
    }
    expect(texts.size).toBe(sent);
    await vi.waitFor(() => expect(Object.keys(host.app("load").pool.ends)).toEqual(["retired"]), soon);
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
