import { expect, it, vi } from "vitest";
import { memoryStorage, silentLogger } from "../../src/index.ts";
import { createLedger } from "../../src/records/ledger.ts";

function ledgerOn(storage = memoryStorage(), limit = 3) {
  const log = { ...silentLogger(), error: vi.fn(), warn: vi.fn() };
  return { ledger: createLedger<number>({ storage, collection: "things", limit, log }), log, storage };
}

const values = async (ledger: ReturnType<typeof ledgerOn>["ledger"], app = "app") =>
  (await ledger.list(app)).map(({ value }) => value);

it("keeps the newest entries of each app, in order, and tells which it dropped", async () => {
  const { ledger, log } = ledgerOn();
  for (let count = 0; count < 5; count++) ledger.add("app", `n${count}`, count);
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

it("holds a thousand entries for a storage that is stuck, and tells how many it lost when that goes on", async () => {
  const storage = memoryStorage();
  let release: () => void = () => undefined;
  const stuck = new Promise<void>((resolve) => {
    release = resolve;
  });
  const put: typeof storage.put = async (...args) => {
    await stuck;
    return storage.put(...args);
  };
  const { ledger, log } = ledgerOn({ ...storage, put }, 2000);
  for (let count = 0; count < 1500; count++) ledger.add("app", String(count).padStart(4, "0"), count);
  release();
  await ledger.idle();
  expect(await values(ledger)).toHaveLength(1000);
  ledger.add("app", "last", -1);
  await ledger.idle();
  expect(log.warn).toHaveBeenCalledWith({ app: "app", lost: 500 }, expect.stringContaining("500 entries"));
});
