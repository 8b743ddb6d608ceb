import { chmod, lstat, mkdir, readFile, readlink, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createBundleCache, packBundle } from "@cocaine/bundles";
import { memoryStorage, type Storage } from "@cocaine/core";
import { describe, expect, it } from "vitest";
import { folderOf, pathsIn, temporaryFolder } from "./support/folders.ts";
import { storageWith } from "./support/storage.ts";

const code = () =>
  folderOf({ "app.py": "pass\n", "lib/words.txt": "a b c\n", latest: ["lib/words.txt"], "empty/.keep": "" });

async function setUp(limits = {}) {
  const source = await code();
  await chmod(join(source, "app.py"), 0o700);
  const bundle = await packBundle(source);
  const storage = await storageWith(bundle);
  const folder = join(await temporaryFolder(), "cache/bundles");
  return { bundle, storage, folder, cache: createBundleCache({ storage, folder, limits }) };
}

/** A storage whose reads are counted. */
function counted(storage: Storage) {
  const reads: string[] = [];
  const get: Storage["get"] = (collection, key) => {
    reads.push(collection);
    return storage.get(collection, key);
  };
  return { reads, storage: { ...storage, get } };
}

describe("a bundle is opened", () => {
  it("as a folder with the code, readable by everyone", async () => {
    const { bundle, cache, folder } = await setUp();
    const before = process.umask(0o077);
    const opened = await cache.open(bundle.sha256).finally(() => process.umask(before));
    expect(opened.startsWith(join(folder, bundle.sha256))).toBe(true);
    expect(await pathsIn(opened)).toEqual([...bundle.paths].sort());
    expect(await readFile(join(opened, "latest"), "utf8")).toBe("a b c\n");
    expect(await readlink(join(opened, "latest"))).toBe("lib/words.txt");
    const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);
    expect(await modeOf(folder)).toBe("711");
    for (const path of [join(opened, ".."), opened, join(opened, "lib"), join(opened, "app.py")])
      expect(await modeOf(path)).toBe("755");
    expect(await modeOf(join(opened, "lib/words.txt"))).toBe("644");
    // Nothing else is left there.
    expect(await pathsIn(folder)).toHaveLength(3 + bundle.paths.size);
  });

  it("from the cache the next time, and once by two at once", async () => {
    const { bundle, folder, storage } = await setUp();
    const { reads, storage: watched } = counted(storage);
    const cache = createBundleCache({ storage: watched, folder });
    const [one, other] = await Promise.all([cache.open(bundle.sha256), cache.open(bundle.sha256)]);
    expect(one).toBe(other);
    expect(reads.filter((name) => name === "bundle-pieces")).toHaveLength(1);
    await createBundleCache({ storage: watched, folder }).open(bundle.sha256);
    expect(reads.filter((name) => name === "bundle-pieces")).toHaveLength(1);
  });

  it("by two processes at once", async () => {
    const { bundle, folder, storage } = await setUp();
    const caches = [1, 2, 3].map(() => createBundleCache({ storage, folder }));
    const opened = await Promise.all(caches.map((cache) => cache.open(bundle.sha256)));
    expect(new Set(opened).size).toBe(1);
    expect(await pathsIn(folder)).toHaveLength(3 + bundle.paths.size);
  });

  it("from the cache while the storage is away, but not if the storage does not have it", async () => {
    const { bundle, cache, folder, storage } = await setUp();
    const opened = await cache.open(bundle.sha256);
    const away: Storage = { ...storage, get: () => Promise.reject(new Error("away")) };
    expect(await createBundleCache({ storage: away, folder }).open(bundle.sha256)).toBe(opened);
    const other = createBundleCache({ storage: memoryStorage(), folder });
    await expect(other.open(bundle.sha256)).rejects.toMatchObject({ code: "COC_BUNDLE_UNKNOWN" });
  });

  it.each([
    ["a file is gone", (opened: string) => rm(join(opened, "app.py"))],
    ["a file is cut short", (opened: string) => truncate(join(opened, "app.py"))],
    ["a link is gone", (opened: string) => rm(join(opened, "latest"))],
    ["a folder is gone", (opened: string) => rm(join(opened, "empty"), { recursive: true })],
    ["its record is gone", (opened: string) => rm(join(opened, "../record.json"))],
    ["all is gone", (opened: string) => rm(opened, { recursive: true })],
  ])("anew where %s", async (_, damage) => {
    const { bundle, cache } = await setUp();
    const opened = await cache.open(bundle.sha256);
    await damage(opened);
    expect(await cache.open(bundle.sha256)).toBe(opened);
    expect(await pathsIn(opened)).toEqual([...bundle.paths].sort());
    expect(await readFile(join(opened, "app.py"), "utf8")).toBe("pass\n");
  });

  it("though a process that was killed has left half of it", async () => {
    const { bundle, cache, folder } = await setUp();
    const left = join(folder, `partial-${2 ** 22 + 1}-abc123`);
    await mkdir(join(left, "code"), { recursive: true });
    await chmod(folder, 0o711);
    await writeFile(join(left, "archive.tar"), "half");
    await cache.open(bundle.sha256);
    await expect(lstat(left)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("no longer for who does not wait", async () => {
    const { bundle, cache } = await setUp();
    const controller = new AbortController();
    const opening = cache.open(bundle.sha256, controller.signal);
    controller.abort(new Error("the host closes"));
    await expect(opening).rejects.toThrow("the host closes");
    expect(await cache.open(bundle.sha256)).toMatch(bundle.sha256);
    await expect(cache.open(bundle.sha256, controller.signal)).rejects.toThrow("the host closes");
  });
});

describe("a bundle is not opened", () => {
  it("if the storage has another in its place, and nothing of it is unpacked", async () => {
    const { bundle, cache, folder, storage } = await setUp();
    const { value } = (await storage.get("bundles", bundle.sha256)) as { value: { upload: string } };
    const key = `${bundle.sha256}/${value.upload}/0`;
    const piece = (await storage.get("bundle-pieces", key))?.value as { data: string };
    const bytes = Buffer.from(piece.data, "base64");
    bytes[600] = 1;
    await storage.put("bundle-pieces", key, { data: bytes.toString("base64") });
    await expect(cache.open(bundle.sha256)).rejects.toMatchObject({
      code: "COC_BUNDLE_DAMAGED",
      message: expect.stringMatching(/its hash is/),
    });
    expect(await pathsIn(folder)).toEqual([]);
  });

  it("if it has more than this node takes", async () => {
    const { bundle, cache, folder } = await setUp({ bytes: 1000 });
    await expect(cache.open(bundle.sha256)).rejects.toMatchObject({ code: "COC_BUNDLE_SIZE" });
    expect(await pathsIn(folder)).toEqual([]);
  });

  it("if others can write to the folder", async () => {
    const { bundle, cache, folder } = await setUp();
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    await expect(cache.open(bundle.sha256)).rejects.toMatchObject({
      code: "COC_BUNDLE_CACHE",
      message: expect.stringMatching(/mode 0777/),
    });
  });

  it("where a file is in the way", async () => {
    const { bundle, storage } = await setUp();
    const cache = createBundleCache({ storage, folder: process.execPath });
    await expect(cache.open(bundle.sha256)).rejects.toMatchObject({ code: "COC_BUNDLE_CACHE" });
  });

  it("if its name is none", async () => {
    const { cache } = await setUp();
    await expect(cache.open("../../etc")).rejects.toMatchObject({ code: "COC_BUNDLE_UPLOAD" });
  });
});

describe("a cache is pruned", () => {
  it("of what was not used for long, and is of no app", async () => {
    const { bundle, cache, folder, storage } = await setUp();
    const other = await packBundle(await folderOf({ "other.py": "" }));
    await storageWith(other, storage);
    for (const { sha256 } of [bundle, other]) {
      await cache.open(sha256);
      await utimes(join(folder, sha256, "record.json"), 1, 1);
    }
    await cache.prune(new Set([bundle.sha256, other.sha256]), 1000);
    expect((await stat(join(folder, other.sha256, "record.json"))).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
    await cache.prune(new Set([bundle.sha256]), 60_000);
    await expect(stat(join(folder, other.sha256))).resolves.toBeDefined();
    await utimes(join(folder, other.sha256, "record.json"), 1, 1);
    await cache.prune(new Set([bundle.sha256]), 60_000);
    await expect(stat(join(folder, other.sha256))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(stat(join(folder, bundle.sha256))).resolves.toBeDefined();
  });
});
