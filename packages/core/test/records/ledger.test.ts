import { expect, it, onTestFinished, vi } from "vitest";
import { memoryStorage, silentLogger } from "../../src/index.ts";
import { createLedger } from "../../src/records/ledger.ts";

function ledgerOn(storage = memoryStorage(), entries = 3, bytes?: number) {
  const log = { ...silentLogger(), error: vi.fn(), warn: vi.fn() };
  return {
    ledger: createLedger<number>({
      storage,
      collection: "things",
      limit: { entries, ...(bytes !== undefined && { bytes }) },
      weigh: (value) => value,
      log,
    }),
    log,
    storage,
  };
}

const values = async (ledger: ReturnType<typeof ledgerOn>["ledger"], app = "app") =>
  (await ledger.list(app)).map(({ value }) => value);

it("keeps the newest entries of each app, in order, and tells which it dropped", async () => {
  const { ledger, log } = ledgerOn();
  for (let count = 0; count < 5; count++) {
    ledger.add("app", `n${count}`, count);
    await ledger.idle();
  }
  ledger.add("apple", "n", 9);
  await ledger.idle();
  expect(await values(ledger)).toEqual([2, 3, 4]);
  expect(await values(ledger, "apple")).toEqual([9]);
  expect(log.warn).toHaveBeenCalledTimes(2);
});

it("counts the entries of an earlier run", async () => {
  const { ledger, storage } = ledgerOn();
  for (let count = 0; count < 3; count++) ledger.add("app", `n${count}`, count);
  await ledger.idle();
  const { ledger: later } = ledgerOn(storage);
  later.add("app", "n3", 3);
  await later.idle();
  expect(await values(later)).toEqual([1, 2, 3]);
});

it("tells of a storage that fails, and goes on", async () => {
  const storage = memoryStorage();
  let broken = true;
  const put: typeof storage.put = async (...args) => {
    if (broken) throw new Error("no space left");
    return storage.put(...args);
  };
  const { ledger, log } = ledgerOn({ ...storage, put });
  ledger.add("app", "lost", 1);
  await ledger.idle();
  broken = false;
  ledger.add("app", "kept", 2);
  await ledger.idle();
  expect(await values(ledger)).toEqual([2]);
  expect(log.error).toHaveBeenCalledWith(expect.anything(), expect.stringContaining("no space left"));
});

/** A storage that takes nothing of one app until it is released. */
function stuckStorage(app: string) {
  const storage = memoryStorage();
  let release: () => void = () => undefined;
  const stuck = new Promise<void>((resolve) => {
    release = resolve;
  });
  const put: typeof storage.put = async (collection, key, ...rest) => {
    if (key.startsWith(`${app}/`)) await stuck;
    return storage.put(collection, key, ...rest);
  };
  return { storage: { ...storage, put }, release: () => release() };
}

it("holds as many entries as it keeps for a storage that is stuck, and tells how many it lost", async () => {
  const { storage, release } = stuckStorage("app");
  const { ledger, log } = ledgerOn(storage, 100);
  for (let count = 0; count < 150; count++) ledger.add("app", "n", count);
  release();
  await ledger.idle();
  // One was being written; of those that waited the newest are kept.
  expect((await values(ledger)).at(-1)).toBe(149);
  expect(await values(ledger)).toHaveLength(100);
  expect(log.warn).toHaveBeenCalledWith({ app: "app", lost: 49 }, expect.stringContaining("49 entries"));
});

it("holds no more bytes than it keeps for a storage that is stuck", async () => {
  const { storage, release } = stuckStorage("app");
  const { ledger, log } = ledgerOn(storage, 100, 10);
  for (const bytes of [1, 5, 4, 3]) ledger.add("app", "n", bytes);
  release();
  await ledger.idle();
  // The first was being written when the others came.
  expect(await values(ledger)).toEqual([1, 4, 3]);
  expect(log.error).toHaveBeenCalledTimes(1);
});

it("loses nothing of an app while another has too much", async () => {
  const { storage, release } = stuckStorage("app");
  const { ledger } = ledgerOn(storage);
  for (let count = 0; count < 10; count++) ledger.add("app", "n", count);
  ledger.add("other", "n", 1);
  release();
  await ledger.idle();
  expect(await values(ledger, "other")).toEqual([1]);
});

it("keeps no more bytes of an app than it may, those of an earlier run counted", async () => {
  const { ledger, storage } = ledgerOn(memoryStorage(), 100, 10);
  for (const bytes of [1, 5, 4]) ledger.add("app", "n", bytes);
  await ledger.idle();
  const { ledger: later } = ledgerOn(storage, 100, 10);
  later.add("app", "n", 3);
  await later.idle();
  expect(await values(later)).toEqual([4, 3]);
});

it("has entries in their order though they come at once, and though the clock is set back", async () => {
  const { ledger, storage } = ledgerOn(memoryStorage(), 100);
  for (let count = 8; count < 13; count++) ledger.add("app", String(count), count);
  await ledger.idle();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  const { ledger: later } = ledgerOn(storage, 100);
  later.add("app", "13", 13);
  await later.idle();
  expect(await values(later)).toEqual([8, 9, 10, 11, 12, 13]);
});

it("drops what was too much later, if the storage could not drop it then", async () => {
  const storage = memoryStorage();
  let broken = true;
  const remove: typeof storage.delete = async (...args) => {
    if (broken) throw new Error("read-only");
    return storage.delete(...args);
  };
  const { ledger, log } = ledgerOn({ ...storage, delete: remove });
  for (let count = 0; count < 5; count++) {
    ledger.add("app", "n", count);
    await ledger.idle();
  }
  expect(await values(ledger)).toEqual([0, 1, 2, 3, 4]);
  expect(log.error).toHaveBeenCalledWith(expect.anything(), expect.stringContaining("could not be dropped: read-only"));
  broken = false;
  ledger.add("app", "n", 5);
  await ledger.idle();
  expect(await values(ledger)).toEqual([3, 4, 5]);
});
