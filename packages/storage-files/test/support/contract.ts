import { type Change, isCocaineError, type Storage } from "@cocaine/core/plugin";
import { describe, expect, it } from "vitest";

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: unknown) => (isCocaineError(error) ? error.code : String(error)),
  );

async function keysOf(storage: Storage, collection: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(collection)) keys.push(key);
  return keys;
}

/** What every storage keeps to (contracts/storage.ts of @cocaine/core). `open` gives a new, started one. */
export function storageContract(name: string, open: () => Promise<Storage>): void {
  describe(`${name} as a storage`, () => {
    it("gives back what was put, as JSON", async () => {
      const storage = await open();
      const value = { text: "привет", list: [1, null, true], nested: { a: {} } };
      const revision = await storage.put("apps", "one", value);
      expect(await storage.get("apps", "one")).toEqual({ key: "one", value, revision });
      expect(await storage.get("apps", "two")).toBeNull();
      await storage.close();
    });

    it("takes any key, and lists in the order of the keys", async () => {
      const storage = await open();
      const keys = [
        "a/b",
        "../up",
        ".hidden",
        "ключ",
        "a b",
        "CON",
        "x".repeat(200),
        "%2E",
        "~",
        "*",
        "a.json",
        "A.json",
      ];
      for (const key of keys) await storage.put("apps", key, key);
      expect(await keysOf(storage, "apps")).toEqual([...keys].sort());
      for (const key of keys) expect((await storage.get("apps", key))?.value).toBe(key);
      expect(await keysOf(storage, "keys")).toEqual([]);
      await storage.close();
    });

    it("gives each write a revision of its own, and writes only over the one that was seen", async () => {
      const storage = await open();
      const first = await storage.put("apps", "a", 1, { ifRevision: null });
      const second = await storage.put("apps", "a", 1);
      expect(second).not.toBe(first);
      expect(await codeOf(storage.put("apps", "a", 2, { ifRevision: first }))).toBe("COC_STORAGE_CONFLICT");
      expect(await codeOf(storage.put("apps", "a", 2, { ifRevision: null }))).toBe("COC_STORAGE_CONFLICT");
      expect(await codeOf(storage.delete("apps", "a", { ifRevision: first }))).toBe("COC_STORAGE_CONFLICT");
      await storage.delete("apps", "a", { ifRevision: second });
      expect(await codeOf(storage.delete("apps", "a", { ifRevision: second }))).toBe("COC_STORAGE_CONFLICT");
      await storage.delete("apps", "a");
      await storage.close();
    });

    it("lets exactly one of many writers of the same revision win", async () => {
      const storage = await open();
      const writers = Array.from({ length: 20 }, (_, index) =>
        codeOf(storage.put("leases", "one", index, { ifRevision: null })),
      );
      const outcomes = await Promise.all(writers);
      expect(outcomes.filter((outcome) => outcome === "no error")).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "COC_STORAGE_CONFLICT")).toHaveLength(19);
      await storage.close();
    });

    it("tells a watcher what is there, and then every change, until it is aborted", async () => {
      const storage = await open();
      await storage.put("apps", "a", 1);
      const controller = new AbortController();
      const changes: Change[] = [];
      for await (const change of storage.watch("apps", { signal: controller.signal })) {
        changes.push(change);
        if (changes.length === 1) {
          await storage.put("apps", "b", 2);
          await storage.delete("apps", "a");
        }
        if (change.type === "delete") controller.abort();
      }
      expect(changes).toContainEqual({ type: "put", document: expect.objectContaining({ key: "a", value: 1 }) });
      expect(changes).toContainEqual({ type: "put", document: expect.objectContaining({ key: "b", value: 2 }) });
      expect(changes.at(-1)).toEqual({ type: "delete", key: "a" });
      await storage.close();
    });

    it("ends its watches when it is closed, and refuses writes after that", async () => {
      const storage = await open();
      const watch = storage.watch("apps", { signal: new AbortController().signal })[Symbol.asyncIterator]();
      await storage.put("apps", "a", 1);
      await watch.next();
      const end = (async () => {
        for (;;) if ((await watch.next()).done) return "ended";
      })();
      await storage.close();
      await storage.close();
      expect(await end).toBe("ended");
      expect(await codeOf(storage.put("apps", "a", 1))).toBe("COC_STORAGE_CLOSED");
    });
  });
}
