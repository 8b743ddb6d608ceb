import { expect, it, vi } from "vitest";
import { connectClient } from "../support/dealer.ts";
import { languages, startLoaded } from "../support/host.ts";
import { processesWith } from "../support/processes.ts";
import { soon } from "../support/soon.ts";

it.each(languages)(
  "a $type worker that is stopped is killed for its silence, and the others serve on",
  async ({ type, file }) => {
    const engine = { "pool-min": 2, "pool-limit": 2, concurrency: 1, "heartbeat-timeout": 1, "termination-grace": 0.2 };
    const { host, folder, endpoint } = await startLoaded({ type, file, engine });
    await vi.waitFor(
      () => expect(host.app("load").pool.workers.map(({ state }) => state)).toEqual(["ready", "ready"]),
      soon,
    );
    const failing = connectClient(endpoint("hang")).send(1, 1);
    const busy = await vi.waitFor(() => {
      const worker = host.app("load").pool.workers.find(({ jobs }) => jobs > 0);
      if (worker?.pid === undefined) throw new Error("no worker is busy yet");
      return worker;
    }, soon);
    process.kill(busy.pid as number, "SIGSTOP");
    const others = await connectClient(endpoint("event")).send(100, 1);
    expect(others.filter(({ error }) => error !== undefined)).toEqual([]);
    const [answer] = await failing;
    expect(answer?.error?.code).toBe("COC_WORKER_HUNG");
    await vi.waitFor(async () => {
      const pids = host.app("load").pool.workers.map(({ pid }) => pid);
      expect(pids).toHaveLength(2);
      expect((await processesWith(folder)).sort()).toEqual(pids.sort());
      expect(pids).not.toContain(busy.pid);
    }, soon);
  },
);
