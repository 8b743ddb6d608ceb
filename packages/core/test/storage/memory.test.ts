import { describe, expect, it } from "vitest";
import { type Change, memoryStorage } from "../../src/index.ts";

async function keys(documents: AsyncIterable<{ key: string }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { key } of documents) all.push(key);
  return all;
}

describe("the storage in memory", () => {
  it("gives back what was put, as JSON, in the order of the keys", async () => {
    const storage = memoryStorage();
    await storage.put("apps", "b", { at: new Date(0) });
    await storage.put("apps", "a", 1);
    expect(await storage.get("apps", "b")).toMatchObject({ key: "b", value: { at: "1970-01-01T00:00:00.000Z" } });
    expect(await storage.get("apps", "c")).toBeNull();
    expect(await keys(storage.list("apps"))).toEqual(["a", "b"]);
    expect(await keys(storage.list("keys"))).toEqual([]);
  });

  it("writes only over the revision that the writer has seen", async () => {
    const storage = memoryStorage();
    const first = await storage.put("apps", "a", 1, { ifRevision: null });
    await expect(storage.put("apps", "a", 2, { ifRevision: null })).rejects.toMatchObject({
      code: "COC_STORAGE_CONFLICT",
    });
    await storage.put("apps", "a", 2, { ifRevision: first });
    await expect(storage.delete("apps", "a", { ifRevision: first })).rejects.toMatchObject({
      code: "COC_STORAGE_CONFLICT",
    });
    await storage.delete("apps", "a");
    await storage.delete("apps", "a");
  });

  it("tells a watcher what is there, and then every change", async () => {
    const storage = memoryStorage();
    await storage.put("apps", "a", 1);
    const changes: Change[] = [];
    const controller = new AbortController();
    for await (const change of storage.watch("apps", { signal: controller.signal })) {
      changes.push(change);
      if (changes.length === 1) {
        await storage.put("apps", "b", 2);
        await storage.put("keys", "other", 2);
        await storage.delete("apps", "a");
      }
      if (changes.length === 3) controller.abort();
    }
    expect(changes).toMatchObject([
      { type: "put", document: { key: "a", value: 1 } },
      { type: "put", document: { key: "b", value: 2 } },
      { type: "delete", key: "a" },
    ]);
  });

  it("refuses writes when it is closed, and ends its watches", async () => {
    const storage = memoryStorage();
    const watch = storage.watch("apps", { signal: new AbortController().signal })[Symbol.asyncIterator]();
    const next = watch.next();
    await storage.close();
    expect(await next).toMatchObject({ done: true });
    await expect(storage.put("apps", "a", 1)).rejects.toMatchObject({ code: "COC_STORAGE_CLOSED" });
  });
});
