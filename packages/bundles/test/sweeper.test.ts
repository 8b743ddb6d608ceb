import { stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { createBundleCache, createBundleStore, createBundleSweeper, packBundle, uploadBundle } from "@cocaine/bundles";
import { type Logger, memoryStorage, silentLogger } from "@cocaine/core";
import { describe, expect, it, vi } from "vitest";
import { folderOf, temporaryFolder } from "./support/folders.ts";

const DAY = 24 * 3_600_000;

/** Two nodes on a storage, and three bundles on it that nobody has asked for in days. */
async function setUp() {
  const storage = memoryStorage();
  const old = createBundleStore({ storage, now: () => Date.now() - 3 * DAY });
  const hashes: string[] = [];
  for (const name of ["named", "running", "unused"]) {
    const bundle = await packBundle(await folderOf({ [`${name}.py`]: name }));
    await uploadBundle(bundle, old);
    hashes.push(bundle.sha256);
  }
  const [named = "", running = "", unused = ""] = hashes;
  await storage.put("apps", "app", { manifest: { type: "python", args: `storage://${named}/named.py` } });
  await storage.put("apps", "local", { manifest: { type: "python", args: "/srv/app.py" } });
  await storage.put("apps", "strange", null);
  const node = async () => {
    const folder = await temporaryFolder();
    const cache = createBundleCache({ storage, folder });
    return { folder, cache, sweeper: createBundleSweeper({ storage, cache, inUse: () => [running] }) };
  };
  const left = async () => {
    const all: string[] = [];
    for await (const { sha256 } of createBundleStore({ storage }).list()) all.push(sha256);
    return all.sort();
  };
  return { storage, named, running, unused, node, left };
}

describe("a sweep", () => {
  it("removes the bundles that no app is of, by two nodes at once", async () => {
    const { named, running, node, left } = await setUp();
    const nodes = [await node(), await node()];
    await Promise.all(nodes.map(({ sweeper }) => sweeper.sweep()));
    expect(await left()).toEqual([named, running].sort());
  });

  it("keeps what is being deployed, and what an app of no storage runs, for a day more", async () => {
    const { storage, running, unused, node, left } = await setUp();
    const store = createBundleStore({ storage });
    await store.keep(unused);
    const { sweeper } = await node();
    await sweeper.sweep();
    expect(await left()).toHaveLength(3);
    for await (const { sha256, head } of store.list()) {
      if (sha256 === running) expect(head.created).toBeGreaterThan(Date.now() - DAY);
    }
  });

  it("removes what was begun and never completed", async () => {
    const { storage, node, left } = await setUp();
    const sha256 = "0".repeat(64);
    await createBundleStore({ storage, now: () => Date.now() - 2 * DAY }).begin(sha256, 1_000_000);
    const { sweeper } = await node();
    await sweeper.sweep();
    expect(await left()).not.toContain(sha256);
  });

  it("tells those who share the cache what runs here, though the storage is away", async () => {
    const { storage, running, node } = await setUp();
    const { cache, folder } = await node();
    await cache.open(running);
    await utimes(join(folder, running, "record.json"), 1, 1);
    const list: typeof storage.list = () => {
      throw new Error("away");
    };
    const sweeper = createBundleSweeper({ storage: { ...storage, list }, cache, inUse: () => [running] });
    await expect(sweeper.sweep()).rejects.toThrow("away");
    await createBundleCache({ storage, folder }).prune(new Set(), DAY);
    await expect(stat(join(folder, running))).resolves.toBeDefined();
  });

  it("passes over what it cannot read", async () => {
    const { storage, named, running, node, left } = await setUp();
    await storage.put("bundles", "0".repeat(64), { of: "another version" });
    const { sweeper } = await node();
    await sweeper.sweep();
    expect(await left()).toEqual([named, running].sort());
  });

  it("removes from the cache what has not been used for a day", async () => {
    const { named, unused, node } = await setUp();
    const { cache, folder, sweeper } = await node();
    for (const sha256 of [named, unused]) {
      await cache.open(sha256);
      await utimes(join(folder, sha256, "record.json"), 1, 1);
    }
    await sweeper.sweep();
    await expect(stat(join(folder, named))).resolves.toBeDefined();
    await expect(stat(join(folder, unused))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("comes again by itself, also after one that failed, until it is closed", async () => {
    const { storage, running, node, left } = await setUp();
    const { cache } = await node();
    let failures = 2;
    const list: typeof storage.list = (collection) => {
      if (failures-- > 0) throw new Error("away");
      return storage.list(collection);
    };
    const warnings: string[] = [];
    const log: Logger = { ...silentLogger(), warn: (_, text) => void warnings.push(text) };
    const options = { storage: { ...storage, list }, cache, log, inUse: () => [running], interval: 10 };
    const sweeper = createBundleSweeper(options);
    sweeper.start();
    await vi.waitFor(async () => expect(await left()).toHaveLength(2));
    await sweeper.close();
    await sweeper.close();
    expect(warnings).toEqual(Array(2).fill("bundles that no app uses were not removed: away"));
  });
});
