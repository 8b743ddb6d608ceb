import { chmod, mkdir, readdir, readFile, readlink, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
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

  it("by the names it was packed with, wherever in the archive they lie", async () => {
    for (const pad of ["", "q"]) {
      const long = `${pad}${"я".repeat(120)}/${"ю".repeat(120)}/${"э".repeat(120)}/app.py`;
      // What is before it has it lie at every place where a piece of the archive may end.
      for (let blocks = 112; blocks < 126; blocks++) {
        const bundle = await packBundle(await folderOf({ a: "x".repeat(512 * blocks), [long]: "pass\n" }));
        const folder = await temporaryFolder();
        const opened = await createBundleCache({ storage: await storageWith(bundle), folder }).open(bundle.sha256);
        expect(await pathsIn(opened)).toEqual([...bundle.paths].sort());
      }
    }
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
    const here = `partial-${encodeURIComponent(hostname())}`;
    const dead = 2 ** 22 + 1;
    const make = async (name: string, time: number) => {
      await mkdir(join(folder, name, "code"), { recursive: true });
      await writeFile(join(folder, name, "archive.tar"), "half");
      await utimes(join(folder, name), time, time);
    };
    const now = Date.now() / 1000;
    await make(`${here}-${dead}-abc123`, now);
    // In a container, the process before often had the same number.
    await make(`${here}-${process.pid}-abc123`, performance.timeOrigin / 1000 - 1);
    await make(`partial-other-${dead}-abc123`, now - 2 * 86_400);
    // What may still be under way stays: of this process, and of one that is not seen from here.
    await make(`${here}-${process.pid}-def456`, now);
    await make(`partial-other-${dead}-def456`, now);
    await chmod(folder, 0o711);
    await cache.open(bundle.sha256);
    const stays = [bundle.sha256, `${here}-${process.pid}-def456`, `partial-other-${dead}-def456`];
    expect(await readdir(folder)).toEqual(expect.arrayContaining(stays));
    expect(await readdir(folder)).toHaveLength(stays.length);
  });

  it("though it is damaged, and several processes find that at once", async () => {
    const { bundle, folder, storage } = await setUp();
    for (let round = 0; round < 20; round++) {
      await createBundleCache({ storage, folder }).open(bundle.sha256);
      await rm(join(folder, bundle.sha256, "code/app.py"));
      const processes = [1, 2, 3, 4].map(() => createBundleCache({ storage, folder }));
      const [opened = ""] = await Promise.all(processes.map((each) => each.open(bundle.sha256)));
      expect(await readFile(join(opened, "app.py"), "utf8")).toBe("pass\n");
    }
  });

  it("though another process prunes the folder meanwhile", async () => {
    const { bundle, cache, folder, storage } = await setUp();
    await cache.open(bundle.sha256);
    await utimes(join(folder, bundle.sha256, "record.json"), 1, 1);
    const get: Storage["get"] = async (...call) => {
      await cache.prune(new Set(), 60_000);
      return storage.get(...call);
    };
    const opened = await createBundleCache({ storage: { ...storage, get }, folder }).open(bundle.sha256);
    expect(await readFile(join(opened, "app.py"), "utf8")).toBe("pass\n");
  });

  it("no longer for who does not wait", async () => {
    const { bundle, cache } = await setUp();
    const controller = new AbortController();
    const opening = cache.open(bundle.sha256, controller.signal);
    controller.abort(new Error("the host closes"));
    await expect(opening).rejects.toThrow("the host closes");
    expect(await cache.open(bundle.sha256)).toMatch(bundle.sha256);
    await expect(cache.open(bundle.sha256, controller.signal)).rejects.toThrow("the host closes");
    // And what becomes of it is nobody's rejection.
    const without = createBundleCache({ storage: memoryStorage(), folder: await temporaryFolder() });
    await expect(without.open(bundle.sha256, controller.signal)).rejects.toThrow("the host closes");
    await expect(without.open(bundle.sha256)).rejects.toMatchObject({ code: "COC_BUNDLE_UNKNOWN" });
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
  it("of nothing that is no bundle", async () => {
    const { cache, folder } = await setUp();
    await mkdir(join(folder, "precious"), { recursive: true, mode: 0o711 });
    await chmod(folder, 0o711);
    await cache.prune(new Set(), 0);
    expect(await readdir(folder)).toEqual(["precious"]);
  });

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
