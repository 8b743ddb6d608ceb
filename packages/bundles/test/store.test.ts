import { type Bundle, type BundleTarget, createBundleStore, type StoredBundle, uploadBundle } from "@cocaine/bundles";
import { memoryStorage, type Storage } from "@cocaine/core";
import { describe, expect, it } from "vitest";
import { bundleOf } from "./support/storage.ts";

const large = () => bundleOf(Buffer.alloc(2_000_000, "a bundle of three pieces"));

async function keysIn(storage: Storage, collection: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(collection)) keys.push(key);
  return keys;
}

async function listed(store: { list(): AsyncIterable<StoredBundle> }): Promise<StoredBundle[]> {
  const all: StoredBundle[] = [];
  for await (const bundle of store.list()) all.push(bundle);
  return all;
}

/** The same target, that is cut off before its n-th piece. */
function cutBefore(target: BundleTarget, piece: number): BundleTarget {
  return {
    ...target,
    async put(sha256, index, bytes) {
      if (index === piece) throw new Error("cut");
      await target.put(sha256, index, bytes);
    },
  };
}

async function read(store: { read(sha256: string): AsyncIterable<Uint8Array> }, { sha256 }: Bundle): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.read(sha256)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("a bundle in the storage", () => {
  it("lies there in documents of a megabyte, and is sent once", async () => {
    const storage = memoryStorage();
    const store = createBundleStore({ storage });
    const bundle = large();
    expect(await uploadBundle(bundle, store)).toBe(true);
    expect(await keysIn(storage, "bundles")).toEqual([bundle.sha256]);
    const keys = await keysIn(storage, "bundle-pieces");
    expect(keys).toHaveLength(3);
    for (const key of keys) {
      const document = await storage.get("bundle-pieces", key);
      expect(JSON.stringify(document?.value).length).toBeLessThan(1.1 * 1024 * 1024);
    }
    expect((await read(store, bundle)).equals(await bytesOf(bundle))).toBe(true);
    expect(await uploadBundle({ ...bundle, read: () => expect.fail("it is sent again") }, store)).toBe(false);
  });

  it("is not there before all of it is, and the next try completes what was cut off", async () => {
    const storage = memoryStorage();
    const store = createBundleStore({ storage });
    const bundle = large();
    await expect(uploadBundle(bundle, cutBefore(store, 2))).rejects.toThrow("cut");
    await expect(read(store, bundle)).rejects.toMatchObject({ code: "COC_BUNDLE_UNKNOWN" });
    await expect(store.seal(bundle.sha256)).rejects.toMatchObject({
      code: "COC_BUNDLE_DAMAGED",
      message: expect.stringMatching(/piece 2/),
    });
    expect(await uploadBundle(bundle, store)).toBe(true);
    expect(await keysIn(storage, "bundle-pieces")).toHaveLength(3);
    expect((await read(store, bundle)).length).toBe(bundle.size);
  });

  it("is one, though many upload it at once", async () => {
    const storage = memoryStorage();
    const bundle = large();
    await Promise.all([1, 2, 3, 4].map(() => uploadBundle(bundle, createBundleStore({ storage }))));
    expect(await keysIn(storage, "bundle-pieces")).toHaveLength(3);
  });

  it("must be of its hash", async () => {
    const store = createBundleStore({ storage: memoryStorage() });
    const { sha256 } = large();
    const other = bundleOf(Buffer.alloc(1000, "another"));
    await expect(uploadBundle({ ...other, sha256 }, store)).rejects.toMatchObject({ code: "COC_BUNDLE_DAMAGED" });
    await expect(store.keep(sha256)).rejects.toMatchObject({ code: "COC_BUNDLE_UNKNOWN" });
    // Who says another size begins anew.
    expect(await uploadBundle(large(), store)).toBe(true);
  });

  it("takes no pieces that are none", async () => {
    const store = createBundleStore({ storage: memoryStorage(), limits: { bytes: 3_000_000 } });
    const { sha256, size } = large();
    const refused = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ code: "COC_BUNDLE_UPLOAD" });
    await refused(store.put(sha256, 0, new Uint8Array(768 * 1024)));
    await refused(store.seal(sha256));
    await refused(store.begin("../../etc/passwd", size));
    await store.begin(sha256, size);
    await refused(store.put(sha256, 0, new Uint8Array(10)));
    await refused(store.put(sha256, 3, new Uint8Array(10)));
    await expect(store.begin(sha256, 3_000_001)).rejects.toMatchObject({ code: "COC_BUNDLE_SIZE" });
    await uploadBundle(large(), store);
    await refused(store.begin(sha256, size + 1));
  });

  it("is not removed when somebody has asked for it meanwhile", async () => {
    let now = 1e12;
    const storage = memoryStorage();
    const store = createBundleStore({ storage, now: () => now });
    const bundle = large();
    await uploadBundle(bundle, store);
    const [old] = await listed(store);
    now += 2 * 3_600_000;
    expect(await uploadBundle(bundle, store)).toBe(false);
    expect(await store.remove(old as StoredBundle)).toBe(false);
    const [young] = await listed(store);
    expect(young?.head.created).toBe(now);
    expect(await store.remove(young as StoredBundle)).toBe(true);
    expect(await keysIn(storage, "bundle-pieces")).toEqual([]);
    expect(await keysIn(storage, "bundles")).toEqual([]);
  });

  it("that is uploaded anew while two nodes remove it is whole afterwards", async () => {
    const storage = memoryStorage();
    const bundle = large();
    for (let round = 0; round < 20; round++) {
      const stores = [1, 2, 3].map(() => createBundleStore({ storage: delayed(storage, round) }));
      await uploadBundle(bundle, createBundleStore({ storage }));
      const [found] = (await listed(createBundleStore({ storage }))) as [StoredBundle];
      await Promise.all([
        stores[0]?.remove(found),
        stores[1]?.remove(found),
        uploadBundle(bundle, stores[2] as BundleTarget),
      ]);
      // Removed after it was found whole, or whole: never a head without its pieces.
      if (await uploadBundle(bundle, createBundleStore({ storage }))) continue;
      expect((await read(createBundleStore({ storage }), bundle)).length).toBe(bundle.size);
      expect(await keysIn(storage, "bundle-pieces")).toHaveLength(3);
    }
  });

  it("whose removal was cut off is removed by the next one, or uploaded anew", async () => {
    const storage = memoryStorage();
    const bundle = large();
    const store = createBundleStore({ storage });
    await uploadBundle(bundle, store);
    const [found] = await listed(store);
    const dying: Storage = { ...storage, delete: () => Promise.reject(new Error("the node died")) };
    await expect(createBundleStore({ storage: dying }).remove(found as StoredBundle)).rejects.toThrow("died");
    await expect(store.keep(bundle.sha256)).rejects.toMatchObject({ code: "COC_BUNDLE_UNKNOWN" });
    expect(await uploadBundle(bundle, store)).toBe(true);
    expect(await keysIn(storage, "bundle-pieces")).toHaveLength(3);
    expect((await read(store, bundle)).length).toBe(bundle.size);
  });

  it("leaves no pieces behind, though an upload is cut off while it clears those of one before", async () => {
    const storage = memoryStorage();
    const store = createBundleStore({ storage });
    const dying: Storage = { ...storage, delete: () => Promise.reject(new Error("the node died")) };
    const cutOff = createBundleStore({ storage: dying });
    const bundle = large();
    // Of a removal, and of an upload of another size.
    await uploadBundle(bundle, store);
    const [found] = await listed(store);
    await expect(cutOff.remove(found as StoredBundle)).rejects.toThrow("died");
    await expect(cutOff.begin(bundle.sha256, bundle.size)).rejects.toThrow("died");
    await store.begin(bundle.sha256, 768 * 1024);
    await store.put(bundle.sha256, 0, new Uint8Array(768 * 1024));
    await expect(cutOff.begin(bundle.sha256, bundle.size)).rejects.toThrow("died");
    expect(await uploadBundle(bundle, store)).toBe(true);
    expect(await keysIn(storage, "bundle-pieces")).toHaveLength(3);
  });

  it("that was damaged is sent again by the next deploy, and does not end who has it already", async () => {
    const storage = memoryStorage();
    const store = createBundleStore({ storage });
    const bundle = large();
    for (const damage of [
      (key: string) => storage.delete("bundle-pieces", key),
      (key: string) => storage.put("bundle-pieces", key, { data: Buffer.alloc(768 * 1024).toString("base64") }),
      (key: string) => storage.put("bundle-pieces", key, { of: "something else" }),
    ]) {
      await uploadBundle(bundle, store);
      const [key = ""] = await keysIn(storage, "bundle-pieces");
      await damage(key);
      await expect(read(store, bundle)).rejects.toMatchObject({ code: "COC_BUNDLE_DAMAGED" });
      expect(await store.keep(bundle.sha256)).toBe(bundle.size);
      expect(await uploadBundle(bundle, store)).toBe(true);
      expect((await read(store, bundle)).equals(await bytesOf(bundle))).toBe(true);
      expect(await keysIn(storage, "bundle-pieces")).toHaveLength(3);
      expect(await uploadBundle(bundle, store)).toBe(false);
    }
  });

  it("says which piece is damaged", async () => {
    const storage = memoryStorage();
    const bundle = large();
    const store = createBundleStore({ storage });
    await uploadBundle(bundle, store);
    const [first = "", second = ""] = await keysIn(storage, "bundle-pieces");
    await storage.put("bundle-pieces", second, { data: "AAAA" });
    await expect(read(store, bundle)).rejects.toMatchObject({
      code: "COC_BUNDLE_DAMAGED",
      message: expect.stringMatching(/piece 1 has 3/),
    });
    await storage.delete("bundle-pieces", first);
    await expect(read(store, bundle)).rejects.toMatchObject({
      message: expect.stringMatching(/piece 0 of 3 is missing/),
    });
  });
});

async function bytesOf(bundle: Bundle): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of bundle.read()) all.push(chunk);
  return Buffer.concat(all);
}

/** A storage on which each call takes some turns of the event loop, so that calls of others come in between. */
function delayed(storage: Storage, seed: number): Storage {
  let calls = seed;
  const wait = async () => {
    calls = (calls * 31 + 7) % 101;
    for (let turn = calls % 4; turn >= 0; turn--) await new Promise(setImmediate);
  };
  return {
    ...storage,
    get: async (...call) => wait().then(() => storage.get(...call)),
    put: async (...call) => wait().then(() => storage.put(...call)),
    delete: async (...call) => wait().then(() => storage.delete(...call)),
  };
}
