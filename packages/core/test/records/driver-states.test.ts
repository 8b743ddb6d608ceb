import { expect, it } from "vitest";
import { createError } from "../../src/errors.ts";
import { silentLogger } from "../../src/observe/log.ts";
import { createDriverStates } from "../../src/records/driver-states.ts";
import { memoryStorage } from "../../src/storage/memory.ts";

function open(storage = memoryStorage()) {
  const errors: string[] = [];
  const log = { ...silentLogger(), error: (_: object, message: string) => void errors.push(message) };
  return { storage, errors, states: createDriverStates({ storage, log, node: "a" }) };
}

it("what a driver keeps is there after a restart, for a driver of the same type", async () => {
  const { storage, states } = open();
  const state = states.of("shop", "nightly", "cron");
  expect(await state.load()).toBeUndefined();
  state.save({ until: 1 });
  expect(await state.load()).toEqual({ until: 1 });
  await states.idle();
  const later = open(storage).states;
  expect(await later.of("shop", "nightly", "cron").load()).toEqual({ until: 1 });
  expect(await later.of("shop", "nightly", "fs").load()).toBeUndefined();
  expect(await later.of("shop", "weekly", "cron").load()).toBeUndefined();
});

it("values that come faster than they are written are left out but for the last", async () => {
  const storage = memoryStorage();
  let writes = 0;
  const slow = {
    ...storage,
    async put(...args: Parameters<typeof storage.put>) {
      writes++;
      await new Promise(setImmediate);
      return storage.put(...args);
    },
  };
  const { states } = open(slow);
  const state = states.of("shop", "nightly", "cron");
  for (let until = 0; until < 1000; until++) state.save({ until });
  await states.idle();
  expect(writes).toBe(2);
  expect((await storage.get("driverstates", "shop/nightly"))?.value).toEqual({ type: "cron", value: { until: 999 } });
});

it("trouble of the storage is told in the log, and the next value is written", async () => {
  const storage = memoryStorage();
  let full = true;
  const failing = {
    ...storage,
    async put(...args: Parameters<typeof storage.put>) {
      if (full) throw createError("COC_STORAGE_IO", "the disk is full");
      return storage.put(...args);
    },
  };
  const { states, errors } = open(failing);
  const state = states.of("shop", "nightly", "cron");
  state.save(1);
  await states.idle();
  expect(errors).toEqual(["what a driver keeps was not stored: the disk is full"]);
  full = false;
  state.save(2);
  await states.idle();
  expect((await storage.get("driverstates", "shop/nightly"))?.value).toEqual({ type: "cron", value: 2 });
});

it("an app that is removed takes along what its drivers kept, and no other's", async () => {
  const { storage, states } = open();
  for (const app of ["shop", "shop2"]) states.of(app, "nightly", "cron").save(app);
  await states.idle();
  await states.remove("shop");
  expect(await states.of("shop", "nightly", "cron").load()).toBeUndefined();
  expect(await open(storage).states.of("shop", "nightly", "cron").load()).toBeUndefined();
  expect(await open(storage).states.of("shop2", "nightly", "cron").load()).toBe("shop2");
});
