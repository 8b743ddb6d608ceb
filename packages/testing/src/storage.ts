import assert from "node:assert/strict";
import { type Change, type Document, isCocaineError, type Storage } from "@cocaine/core/plugin";
import type { Test } from "./test.ts";
import { until, within } from "./until.ts";

/** What a storage is tested with. */
export interface StorageSuite {
  readonly test: Test;
  /** Makes a storage that is empty and started; each test has its own, and closes it. */
  open(): Promise<Storage>;
}

/** Tests that a storage keeps its contract (`Storage` of `@cocaine/core/plugin`). */
export function testStorage({ test, open }: StorageSuite): void {
  const storageTest = (name: string, run: (storage: Storage) => Promise<void>) =>
    test(`storage: ${name}`, async () => {
      const storage = await open();
      try {
        await run(storage);
      } finally {
        await storage.close();
      }
    });

  storageTest("gives back what was put, as JSON", async (storage) => {
    const value = { text: "ä\u0000€😀", list: [1, -0.5, null, true], nested: { deep: {} } };
    await storage.put("apps", "a", value);
    assert.deepEqual((await storage.get("apps", "a"))?.value, value);
    assert.equal((await storage.get("apps", "a"))?.key, "a");
    await storage.put("apps", "a", { at: new Date(0), none: undefined });
    assert.deepEqual((await storage.get("apps", "a"))?.value, { at: "1970-01-01T00:00:00.000Z" });
  });

  storageTest("does not let what it gave or was given be changed from outside", async (storage) => {
    const value = { count: 1 };
    await storage.put("apps", "a", value);
    value.count = 2;
    const given = (await storage.get("apps", "a"))?.value as { count: number };
    assert.equal(given.count, 1);
    try {
      given.count = 3;
    } catch {
      // Frozen: as good as a copy.
    }
    assert.deepEqual((await storage.get("apps", "a"))?.value, { count: 1 });
  });

  storageTest("has nothing where nothing was put", async (storage) => {
    assert.equal(await storage.get("apps", "a"), null);
    assert.deepEqual(await all(storage.list("apps")), []);
    await storage.delete("apps", "a");
  });

  storageTest("lists a collection in the order of its keys, and no other", async (storage) => {
    for (const key of ["b", "a", "B", "10", "9", "ä"]) await storage.put("apps", key, key);
    await storage.put("keys", "c", 1);
    const keys = (await all(storage.list("apps"))).map(({ key }) => key);
    assert.deepEqual(keys, ["10", "9", "B", "a", "b", "ä"]);
  });

  storageTest("takes any text of 1 to 200 characters as a key", async (storage) => {
    const keys = ["/", "..", ".", "a/b", "a\\b", "%2F", " ", "\u0000", "con", "ä€😀", "x".repeat(200), "*?<>|:"];
    for (const [index, key] of keys.entries()) await storage.put("apps", key, index);
    for (const [index, key] of keys.entries()) assert.equal((await storage.get("apps", key))?.value, index, key);
    assert.equal((await all(storage.list("apps"))).length, keys.length);
  });

  storageTest("keeps a value of a megabyte", async (storage) => {
    const value = { body: "x".repeat(1_400_000) };
    await storage.put("letters", "large", value);
    assert.deepEqual((await storage.get("letters", "large"))?.value, value);
  });

  storageTest("gives every write a revision of its own", async (storage) => {
    const first = await storage.put("apps", "a", 1);
    const second = await storage.put("apps", "a", 1);
    assert.notEqual(first, second);
    assert.equal((await storage.get("apps", "a"))?.revision, second);
    await storage.delete("apps", "a");
    assert.notEqual(await storage.put("apps", "a", 1), first);
  });

  storageTest("writes over the revision that the writer has seen, and over no other", async (storage) => {
    const first = await storage.put("apps", "a", 1, { ifRevision: null });
    await conflict(storage.put("apps", "a", 2, { ifRevision: null }));
    const second = await storage.put("apps", "a", 2, { ifRevision: first });
    await conflict(storage.put("apps", "a", 3, { ifRevision: first }));
    await conflict(storage.delete("apps", "a", { ifRevision: first }));
    assert.equal((await storage.get("apps", "a"))?.value, 2);
    await storage.delete("apps", "a", { ifRevision: second });
    await conflict(storage.put("apps", "a", 4, { ifRevision: second }));
    await conflict(storage.delete("apps", "a", { ifRevision: second }));
  });

  storageTest("lets one of many writers through that have seen the same revision", async (storage) => {
    let revision = await storage.put("apps", "a", 0);
    for (let round = 1; round <= 5; round++) {
      const writes = Array.from({ length: 10 }, (_, writer) =>
        storage.put("apps", "a", [round, writer], { ifRevision: revision }),
      );
      const results = await Promise.allSettled(writes);
      const won = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      assert.equal(won.length, 1);
      revision = won[0] as string;
      assert.equal((await storage.get("apps", "a"))?.revision, revision);
    }
  });

  storageTest("tells a watcher what is there, then every change of its collection", async (storage) => {
    await storage.put("apps", "a", 1);
    const watcher = watch(storage, "apps");
    await until("the snapshot is told", () => watcher.changes.length >= 1);
    await storage.put("apps", "b", 2);
    await storage.put("keys", "other", 3);
    await storage.put("apps", "a", 4);
    await storage.delete("apps", "b");
    await until("the changes are told", () => watcher.state().get("a") === 4 && !watcher.state().has("b"));
    assert.deepEqual([...watcher.state()], [["a", 4]]);
    await watcher.stop();
  });

  storageTest("misses no change that comes while a watch begins", async (storage) => {
    const writes = Array.from({ length: 50 }, (_, index) => storage.put("apps", `k${index}`, index));
    const watcher = watch(storage, "apps");
    await Promise.all(writes);
    await until("all are told", () => watcher.state().size === 50);
    await watcher.stop();
  });

  storageTest("ends a watch when its signal is aborted, before or while it waits", async (storage) => {
    const controller = new AbortController();
    controller.abort();
    const none = within("an aborted watch ends", all(storage.watch("apps", { signal: controller.signal })));
    assert.deepEqual(await none, []);
    const watcher = watch(storage, "apps");
    await storage.put("apps", "a", 1);
    await until("a change is told", () => watcher.changes.length >= 1);
    await within("the watch ends", watcher.stop());
  });

  test("storage: may be closed twice, ends its watches, and takes no writes after it", async () => {
    const storage = await open();
    const watcher = watch(storage, "apps");
    await storage.put("apps", "a", 1);
    await until("a change is told", () => watcher.changes.length >= 1);
    await Promise.all([storage.close(), storage.close()]);
    await storage.close();
    await within("the watch ends", watcher.ended);
    await assert.rejects(storage.put("apps", "a", 2), isCocaineError);
  });
}

async function conflict(write: Promise<unknown>): Promise<void> {
  await assert.rejects(write, (error: unknown) => isCocaineError(error) && error.code === "COC_STORAGE_CONFLICT");
}

/** Collects the changes of a collection. */
function watch(storage: Storage, collection: string) {
  const controller = new AbortController();
  const changes: Change[] = [];
  const ended = (async () => {
    for await (const change of storage.watch(collection, { signal: controller.signal })) changes.push(change);
  })();
  return {
    changes,
    ended,
    /** What is there, as far as was told. */
    state() {
      const values = new Map<string, unknown>();
      for (const change of changes) {
        if (change.type === "put") values.set(change.document.key, change.document.value);
        else values.delete(change.key);
      }
      return values;
    },
    async stop() {
      controller.abort();
      await ended;
    },
  };
}

async function all<T extends Document | Change>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
