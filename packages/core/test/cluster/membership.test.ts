import { memoryStorage, silentLogger } from "@cocaine/core";
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
