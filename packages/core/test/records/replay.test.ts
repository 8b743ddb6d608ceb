import { expect, it, vi } from "vitest";
import { createError, memoryStorage, silentLogger } from "../../src/index.ts";
import type { DeadLetter } from "../../src/records/dead-letter.ts";
import { createDeadLetters, type RunJob } from "../../src/records/dead-letters.ts";

const letter: DeadLetter = {
  task: "event",
  job: "job",
  time: "2026-01-01T00:00:00.000Z",
  attempts: 1,
  error: { code: "COC_JOB_FAILED", message: "no database" },
  urgent: false,
  metadata: undefined,
  request: { bytes: 1, body: "eA==" },
};

/** One letter, in a storage that can be broken. */
async function stored(run: RunJob) {
  const storage = memoryStorage();
  const broken = { put: false, delete: false };
  const full = () => createError("COC_STORAGE_IO", "the disk is full");
  const put: typeof storage.put = async (...args) => {
    if (broken.put) throw full();
    return storage.put(...args);
  };
  const remove: typeof storage.delete = async (...args) => {
    if (broken.delete) throw full();
    return storage.delete(...args);
  };
  const log = { ...silentLogger(), error: vi.fn() };
  const open = (runs: RunJob) => createDeadLetters({ storage: { ...storage, put, delete: remove }, log }, runs);
  const letters = open(run);
  letters.add("app", letter);
  await letters.idle();
  const [first] = await letters.list("app");
  return { letters, open, broken, log, id: first?.id ?? expect.fail("there is no letter") };
}

const failure = createError("COC_JOB_FAILED", "still no database");

it("a replay that fails has its job's error, though the storage cannot take it", async () => {
  const { letters, broken, id, log } = await stored(async () => {
    broken.put = true;
    throw failure;
  });
  await expect(letters.replay("app", id)).rejects.toBe(failure);
  expect(log.error).toHaveBeenCalledWith(expect.anything(), expect.stringContaining("the disk is full"));
});

it("a replay that fails has its job's error, though the letter was dropped meanwhile, and stays dropped", async () => {
  const { letters, id } = await stored(async () => {
    await letters.drop("app", id);
    throw failure;
  });
  await expect(letters.replay("app", id)).rejects.toBe(failure);
  expect(await letters.list("app")).toEqual([]);
});

it("a replay that ended well says so where its letter cannot be dropped", async () => {
  const { letters, broken, id } = await stored(async () => {
    broken.delete = true;
  });
  await expect(letters.replay("app", id)).rejects.toMatchObject({
    code: "COC_DEAD_LETTER_KEPT",
    message: expect.stringMatching(/ended well.*do not replay it again.*the disk is full/),
  });
  expect(await letters.list("app")).toHaveLength(1);
});

it("a replay that ended well is well where its letter was dropped meanwhile", async () => {
  const { letters, id } = await stored(async () => {
    await letters.drop("app", id);
  });
  await letters.replay("app", id);
  expect(await letters.list("app")).toEqual([]);
});

it("a replay tells that another host of the same storage runs the job too", async () => {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let second: Promise<void> | undefined;
  const { letters, open, id } = await stored(async () => {
    const started = new Promise<void>((resolve) => {
      second = open(() => {
        resolve();
        return finished;
      }).replay("app", id);
    });
    await started;
  });
  await expect(letters.replay("app", id)).rejects.toMatchObject({
    code: "COC_DEAD_LETTER_KEPT",
    message: expect.stringContaining("ran there too"),
  });
  finish();
  await second;
  expect(await letters.list("app")).toEqual([]);
});
