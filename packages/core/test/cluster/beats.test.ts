import { setTimeout as delay } from "node:timers/promises";
import { type Logger, memoryStorage, silentLogger } from "@cocaine/core";
import type { Storage } from "@cocaine/core/plugin";
import { expect, it, onTestFinished, vi } from "vitest";
import { createBeats } from "../../src/cluster/beats.ts";

it("what a dead process left is removed by one node, and is no trouble for another that was about to", async () => {
  const shared = memoryStorage({ shared: true });
  await shared.start();
  onTestFinished(() => shared.close());
  await shared.put("beats", "dead", { node: "x", count: 1 });
  let late = 0;
  const storage: Storage = {
    ...shared,
    async delete(...args) {
      if (args[1] === "dead") {
        late++;
        await shared.delete("beats", "dead");
      }
      return shared.delete(...args);
    },
  };
  const errors: string[] = [];
  const log: Logger = { ...silentLogger(), error: (_: object, line: string) => void errors.push(line) };
  const beats = createBeats({ storage, log, node: "a", ttl: 10 });
  onTestFinished(() => beats.close());
  let beaten = 0;
  await beats.start({ beaten: () => beaten++, lapsed: () => undefined, forgotten: async () => undefined });
  await vi.waitFor(() => expect(late).toBe(1), { timeout: 20_000 });
  const before = beaten;
  await vi.waitFor(() => expect(beaten).toBeGreaterThan(before + 2));
  expect(errors).toEqual([]);
  expect(await shared.get("beats", "dead")).toBeNull();
});

it("a beat that is under way when its process ends is the last that is heard of it", async () => {
  const shared = memoryStorage({ shared: true });
  await shared.start();
  onTestFinished(() => shared.close());
  const pending: (() => void)[] = [];
  let slow = false;
  const storage: Storage = {
    ...shared,
    async put(...args) {
      const revision = await shared.put(...args);
      if (slow) await new Promise<void>((resolve) => pending.push(resolve));
      return revision;
    },
  };
  const beats = createBeats({ storage, log: silentLogger(), node: "a", ttl: 150 });
  let lapses = 0;
  await beats.start({ beaten: () => undefined, lapsed: () => lapses++, forgotten: async () => undefined });
  slow = true;
  await vi.waitFor(() => expect(pending).toHaveLength(1));
  const closing = beats.close();
  pending[0]?.();
  await closing;
  expect(beats.until).toBe(0);
  await delay(200);
  expect(lapses).toBe(0);
  expect(await shared.get("beats", beats.self)).toBeNull();
});
