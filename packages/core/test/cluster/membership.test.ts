import { EventEmitter, once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createHost, createRegistry, memoryStorage, silentLogger } from "@cocaine/core";
import type { Storage } from "@cocaine/core/plugin";
import { expect, it, onTestFinished } from "vitest";
import { createBeats } from "../../src/cluster/beats.ts";
import { createMembership } from "../../src/cluster/membership.ts";

it("a node that leaves while it tells of itself leaves nothing behind", async () => {
  const shared = memoryStorage({ shared: true });
  await shared.start();
  onTestFinished(() => shared.close());
  let arrive: () => void = () => undefined;
  const slow: Storage = {
    ...shared,
    async put(...args) {
      await new Promise<void>((resolve) => (arrive = resolve));
      return shared.put(...args);
    },
  };
  const membership = createMembership({
    storage: slow,
    beats: createBeats({ storage: shared, log: silentLogger(), node: "a", ttl: 1000 }),
    ttl: 1000,
    log: silentLogger(),
    describe: () => ({
      id: "a",
      hostname: "a",
      pid: 1,
      version: "1",
      startedAt: 0,
      address: undefined,
      admin: undefined,
      load: { cpu: 0, memory: 0 },
      apps: [],
    }),
  });
  const telling = membership.tell();
  const closing = membership.close();
  arrive();
  await Promise.all([telling, closing, membership.tell()]);
  for await (const { key } of shared.list("nodes")) expect.fail(`${key} is still there`);
});

it("a node that ends while it becomes a member beats no more", async () => {
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  onTestFinished(() => rm(runtimeDir, { recursive: true }));
  const shared = memoryStorage({ shared: true });
  const moments = new EventEmitter();
  let written = 0;
  const storage: Storage = {
    ...shared,
    put(...args) {
      if (args[0] === "beats") written++;
      return shared.put(...args);
    },
    async *list(collection) {
      if (collection === "beats") {
        moments.emit("asked");
        await once(moments, "answer");
      }
      yield* shared.list(collection);
    },
    close: async () => undefined,
  };
  const host = createHost({ registry: createRegistry(), storage, runtimeDir, node: { id: "a" }, leaseTtl: 60 });
  const asked = once(moments, "asked");
  const starting = host.start();
  await asked;
  await host.close();
  moments.emit("answer");
  await starting.catch(() => undefined);
  const before = written;
  await delay(300);
  expect(written).toBe(before);
});
